-- Notes how a VM's domain differs from what the VM was made as, or that it no longer does.
--
-- ARGV pm         the PM that was probed
-- ARGV probed_ms  when the probe began, ms
-- ARGV vm         the VM
-- ARGV uuid       its UUID
-- ARGV state      the state of the record
-- ARGV drift      how it differs, for people; may be empty
-- Returns: 1, or 0 where the finding is not of what the record says now.
--
-- needs: broken_records, events, observation, time

local key = P .. 'vm:' .. vm
if not is_current(vm, uuid, pm, state, iso(tonumber(probed_ms))) then return 0 end
refuse(wrong_kind('events'))
redis.call('HSET', key, 'version', version)
if drift ~= '' then redis.call('HSET', key, 'drift', drift) else redis.call('HDEL', key, 'drift') end
event('vm.drifted', 'vm', vm, 'pm', pm, 'drift', drift)
return 1
