-- Writes that a VM's domain is in another state than its record says.
--
-- ARGV pm         the PM that was probed
-- ARGV probed_ms  when the probe began, ms
-- ARGV vm         the VM
-- ARGV uuid       its UUID
-- ARGV before     the state of the record
-- ARGV after      the state that was found
-- ARGV start_ms   ms until the VM is to be started again; empty for never
-- ARGV job_floor  the highest number of a job that the worker has seen
-- ARGV reason     libvirt's reason for the state; may be empty
-- Returns: 1, or 0 where the finding is not of what the record says now.
--
-- needs: broken_records, events, observation, probe_schedule, restart, time, vm_state

local probed_at = iso(tonumber(probed_ms))
if not is_current(vm, uuid, pm, before, probed_at) then return 0 end
local what = ({running = 'vm.started', paused = 'vm.paused', crashed = 'vm.crashed',
  stopped = 'vm.stopped', missing = 'vm.missing'})[after]
local known = redis.call('HMGET', P .. 'vm:' .. vm, 'also_on', 'start_job')
refuse(wrong_kind('events', 'discovery', 'delayed') or known[1] and wrong_kind('pm:' .. known[1])
  or known[2] and wrong_kind('job:' .. known[2]) or broken_counters() or broken_vm(vm) or broken_pm(pm)
  or wrong_change(vm, before, after) or not what and P .. 'vm:' .. vm .. ' cannot be found ' .. after)
local key = P .. 'vm:' .. vm
set_state(vm, before, after, 'settled_at', probed_at)
if reason ~= '' then redis.call('HSET', key, 'state_reason', reason)
else redis.call('HDEL', key, 'state_reason') end
local resumed = before == 'paused' and after == 'running'
if after == 'running' and not resumed then redis.call('HSET', key, 'running_at', probed_at) end
what = before == 'missing' and 'vm.found' or resumed and 'vm.resumed' or what
event(what, 'vm', vm, 'pm', pm, 'state', after, 'reason', reason)
local other = known[1]
if other then
  -- It may have been moved there, so it is not to be started here.
  if after == 'missing' then probe_soon(other) end
elseif start_ms ~= '' then
  start_again(vm, pm, tonumber(start_ms), job_floor)
end
return 1
