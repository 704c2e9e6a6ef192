-- `schedule_of(pm)`: by which sorted set the PM is probed: `discovery`, or `discovery:down` where it did not answer the last
-- time; nil where it is not listed.
--
-- `schedule_probe(pm, is_down, wait_ms)`: has the PM probed after a time, where it is listed.
--
-- `probe_soon(pm)`: has the PM probed now, or, where a probe is under way, again when that has ended.
--
-- needs: time

local function schedule_of(pm)
  if redis.call('ZSCORE', P .. 'discovery', pm) then return 'discovery' end
  -- One of another type schedules nothing; most scripts that come here have not checked it.
  local down = redis.pcall('ZSCORE', P .. 'discovery:down', pm)
  return type(down) == 'string' and 'discovery:down' or nil
end
local function schedule_probe(pm, is_down, wait_ms)
  local from, to = schedule_of(pm), is_down and 'discovery:down' or 'discovery'
  if not from then return end
  if from ~= to then redis.call('ZREM', P .. from, pm) end
  redis.call('ZADD', P .. to, whole(now_ms + wait_ms), pm)
end
local function probe_soon(pm)
  local schedule = schedule_of(pm)
  if not schedule then return end
  if (tonumber(redis.call('HGET', P .. 'pm:' .. pm, 'looking_until') or 0) or 0) > now_ms then
    redis.call('HSET', P .. 'pm:' .. pm, 'look_again', 1)
  else
    redis.call('ZADD', P .. schedule, 'LT', whole(now_ms), pm)
  end
end
