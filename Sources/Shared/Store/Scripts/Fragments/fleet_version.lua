-- `touch(pm, grew)`: gives the PM the next version of the fleet; `grew` where it may have more headroom than before.
--
-- `touch_claims(pm, grew)`: the same where nothing changed but what VMs of ours hold there, and when it was used.
--
-- needs: counters, time

local function touch_claims(pm, grew)
  local version = whole(count('fleet'))
  redis.call('ZADD', P .. 'fleet', version, pm)
  if grew then count('room') end
  return version
end
local function touch(pm, grew)
  redis.call('HSET', P .. 'pm:' .. pm, 'record_version', touch_claims(pm, grew))
end
