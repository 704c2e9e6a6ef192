-- `is_current(vm, uuid, pm, state, probed_at)`: whether a probe's finding is about the VM as its record says it is now.
--
-- It is not while a job of the VM is under way, nor where one has ended since the probe began.

local function is_current(vm, uuid, pm, state, probed_at)
  local v = redis.call('HMGET', P .. 'vm:' .. vm, 'uuid', 'pm', 'state', 'job', 'settled_at')
  return v[1] == uuid and v[2] == pm and v[3] == state and not v[4] and (v[5] or '') <= probed_at
end
