-- Notes that a PM has a domain of a VM that another PM holds by the record, and has that one probed.
--
-- Where that one is this same machine, as its alias, or under an earlier address that is no longer listed, the VM moves
-- at once.
--
-- ARGV pm         the PM that was probed
-- ARGV probed_ms  when the probe began, ms
-- ARGV vm         the VM
-- ARGV uuid       its UUID
-- ARGV from       the PM of the record
-- ARGV state      the state that was found
-- ARGV host_uuid  the machine's UUID
-- Returns: `moved`, `noted` the first time, or empty.
--
-- needs: broken_records, observation, probe_schedule, time, vm_move

local probed_at = iso(tonumber(probed_ms))
local key = P .. 'vm:' .. vm
local v = redis.call('HMGET', key, 'state', 'also_on')
if not ({running = 1, paused = 1, crashed = 1, stopped = 1})[v[1] or ''] then return '' end
if not is_current(vm, uuid, from, v[1], probed_at) then return '' end
local m = redis.call('HMGET', P .. 'pm:' .. from, 'listed', 'host_uuid', 'alias_of')
if m[3] == pm or m[1] ~= '1' and m[2] == host_uuid then
  move(vm, from, pm, v[1], state, probed_at)
  return 'moved'
end
refuse(wrong_kind('discovery'))
redis.call('HSET', key, 'also_on', pm, 'also_on_at', probed_at)
if v[2] == pm then return '' end
redis.call('HDEL', key, 'duplicate')
probe_soon(from)
return 'noted'
