-- `add_claim(vm, pm)`: the VM claims its capacity on the PM from now on, whether there is any or not.
--
-- `remove_claim(vm)`: frees what the VM claims.
--
-- needs: fleet_version, groups, probe_schedule

local function add_claim(vm, pm)
  -- A VM whose record was lost has its claim still.
  if redis.call('SADD', P .. 'pm:' .. pm .. ':vms', vm) == 0 then return touch(pm, false) end
  local v = redis.call('HMGET', P .. 'vm:' .. vm, 'cpu', 'ram', 'disk')
  for i, r in ipairs({'cpu', 'ram', 'disk'}) do
    redis.call('HINCRBY', P .. 'pm:' .. pm, 'claimed_' .. r, v[i])
  end
  redis.call('HINCRBY', P .. 'pm:' .. pm, 'vms', 1)
  if count_groups(vm, pm, 1) then touch(pm, false) else touch_claims(pm, false) end
end
local function remove_claim(vm)
  local v = redis.call('HMGET', P .. 'vm:' .. vm, 'pm', 'cpu', 'ram', 'disk')
  local pm = v[1]
  if not pm or redis.call('SREM', P .. 'pm:' .. pm .. ':vms', vm) == 0 then return end
  for i, r in ipairs({'cpu', 'ram', 'disk'}) do
    redis.call('HINCRBY', P .. 'pm:' .. pm, 'claimed_' .. r, -tonumber(v[i + 1]))
  end
  redis.call('HINCRBY', P .. 'pm:' .. pm, 'vms', -1)
  if count_groups(vm, pm, -1) then touch(pm, true) else touch_claims(pm, true) end
  -- What it used is free now: measure again soon rather than at the end of the period.
  probe_soon(pm)
end
