-- Schema 0 to 1, a page of a PM: the set `hvc:pm:<id>:vms` of VMs becomes the hash of claims.
--
-- What a VM holds is what it needs. The claim of one whose record is lost or broken is not known: what the PM's sums have
-- beyond the others is given to the first of them, so that nothing that was held is free.
--
-- ARGV worker  the run of the worker that migrates
-- ARGV step    the name of this step
-- ARGV limit   how many VMs at most
-- ARGV pm      the PM
-- Returns: how many VMs are left; -1 where another worker has taken over.
--
-- needs: broken_records, migration_lock

local key = P .. 'pm:' .. pm
local is_set = redis.call('TYPE', key .. ':vms').ok == 'set'
refuse(is_set and wrong_kind('pm:' .. pm, 'pm:' .. pm .. ':claims'))
if not hold_migration(worker) then return -1 end
if not is_set then
  redis.call('DEL', key .. ':vms')
  pass_migration(step, pm)
  return 0
end
for _, vm in ipairs(redis.call('SRANDMEMBER', key .. ':vms', limit)) do
  redis.call('SREM', key .. ':vms', vm)
  local v = redis.pcall('HMGET', P .. 'vm:' .. vm, 'cpu', 'ram', 'disk')
  local is_known = not v.err and v[1] and v[2] and v[3] and is_whole(v[1]) and is_whole(v[2]) and is_whole(v[3])
  redis.call('HSETNX', key .. ':claims', 'vm:' .. vm, is_known and table.concat(v, ',') or '0,0,0')
end
local left = redis.call('SCARD', key .. ':vms')
if left > 0 then return left end

local claims, unknown = redis.call('HGETALL', key .. ':claims'), nil
local rest = redis.call('HMGET', key, 'claimed_cpu', 'claimed_ram', 'claimed_disk')
for i = 1, 3 do rest[i] = tonumber(rest[i] or 0) or 0 end
for i = 1, #claims, 2 do
  local amount = {string.match(claims[i + 1], '^(%d+),(%d+),(%d+)$')}
  if claims[i + 1] == '0,0,0' then unknown = unknown or claims[i] end
  for at = 1, 3 do rest[at] = rest[at] - tonumber(amount[at] or 0) end
end
if unknown then
  for i = 1, 3 do rest[i] = string.format('%.0f', math.max(0, rest[i])) end
  redis.call('HSET', key .. ':claims', unknown, table.concat(rest, ','))
end
pass_migration(step, pm)
return 0
