-- `recount(pm)`: counts what the VMs of a PM hold anew, from their records.
--
-- The VMs are those of `hvc:vms` and those of the PM's own set, so that either may be lost; one whose record
-- cannot be counted is left out until its record is repaired and `hvc-worker audit` counts it.
--
-- `check_index(pm)`: recounts where the set is not as large as the PM's record says, and lists the set's VMs in `hvc:vms`
-- where one of them is not; three calls where all is well.
--
-- needs: broken_records, events, fleet_version, groups, time

local function recount(pm)
  local key, seen, members = P .. 'pm:' .. pm, {}, {}
  local sum, groups = {cpu = 0, ram = 0, disk = 0}, {}
  local function add(vms)
    for _, vm in ipairs(vms) do
      local v = not seen[vm] and redis.pcall('HMGET', P .. 'vm:' .. vm, 'pm', 'cpu', 'ram', 'disk', 'groups')
      seen[vm] = true
      if v and v[1] == pm and not broken_vm(vm) then
        members[#members + 1] = vm
        for i, r in ipairs({'cpu', 'ram', 'disk'}) do sum[r] = sum[r] + tonumber(v[i + 1]) end
        for _, g in ipairs(groups_in(v[5])) do groups[g[1]] = (groups[g[1]] or 0) + 1 end
      end
    end
  end
  add(redis.call('ZRANGE', P .. 'vms', 0, -1))
  add(redis.call('SMEMBERS', key .. ':vms'))
  redis.call('DEL', key .. ':vms')
  for _, vm in ipairs(members) do
    redis.call('SADD', key .. ':vms', vm)
    redis.call('ZADD', P .. 'vms', vm, vm)
  end
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.match(field, '^group:') then redis.call('HDEL', key, field) end
  end
  for name, n in pairs(groups) do redis.call('HSET', key, 'group:' .. name, n) end
  redis.call('HSET', key, 'vms', #members, 'claimed_cpu', whole(sum.cpu), 'claimed_ram', whole(sum.ram),
    'claimed_disk', whole(sum.disk))
  touch(pm, true)
  event('pm.recounted', 'pm', pm)
end
local function check_index(pm)
  local key = P .. 'pm:' .. pm
  local held = redis.call('SCARD', key .. ':vms')
  if held ~= tonumber(redis.call('HGET', key, 'vms') or 0) then return recount(pm) end
  local vm = held > 0 and redis.call('SRANDMEMBER', key .. ':vms')
  if not vm or redis.call('ZSCORE', P .. 'vms', vm) then return end
  for _, other in ipairs(redis.call('SMEMBERS', key .. ':vms')) do
    if redis.call('EXISTS', P .. 'vm:' .. other) == 1 then redis.call('ZADD', P .. 'vms', other, other) end
  end
end
