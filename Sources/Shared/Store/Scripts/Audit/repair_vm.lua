-- Frees a VM from a job that has ended or is not known: what waits behind it goes on, or a destroy can be asked for.
--
-- ARGV vm  the VM
-- Returns: 1, or 0 where a job of it is under way.
--
-- needs: broken_records, events, time, vm_state, waiting_jobs

local key = P .. 'vm:' .. vm
local v = redis.call('HMGET', key, 'id', 'state', 'job', 'create_job', 'destroy_job')
if not v[1] then return 0 end
local function is_open(job)
  local state = job and redis.call('HGET', P .. 'job:' .. job, 'state')
  return state and state ~= 'done' and state ~= 'failed' and state ~= 'dead'
end
if is_open(v[3]) then return 0 end
refuse(broken_vm(vm) or wrong_kind('events', 'queue:returned', 'queue:direct', 'dead'))
redis.call('HDEL', key, 'job', 'state_before')
if not is_open(v[5]) then redis.call('HDEL', key, 'destroy_job') end
-- A state that no probe finds and that does not last: only a job leads on from it.
if (v[2] == 'queued' or v[2] == 'building' or v[2] == 'destroying') and not is_open(v[4]) then
  set_state(vm, v[2], 'error', 'error', 'its job was lost', 'settled_at', now)
end
wake_waiting(vm)
event('vm.freed', 'vm', vm)
return 1
