-- `settle_vm(op, kind, moment, vm, v, why, field, value, …)`: what the end of a job makes of its VM, as `read_vm` has read
-- it: the state that follows, with more fields of its record, and that no job of it is under way. One that goes frees
-- what it claims, and wakes what waits behind the job; true where it stays, and the caller wakes that.
--
-- needs: time, vm_removal, vm_state

local function settle_vm(op, kind, moment, vm, v, why, ...)
  local key, after = P .. 'vm:' .. vm, state_after(kind, moment, v.state, v.before)
  if not v.id or after == 'gone' then
    forget_vm(vm)
    return false
  end
  if moment ~= 'done' then
    set_state(vm, v.state, after, 'settled_at', now, 'error', why, ...)
    -- A VM that the operation has made names its job for ever; another may be asked for again.
    redis.call('HDEL', key, 'job', 'state_before', not op.initial and op.job_field or 'job')
    return true
  end
  set_state(vm, v.state, after, 'settled_at', now, after == 'running' and 'running_at' or 'settled_at', now, ...)
  redis.call('HDEL', key, 'job', 'state_before', 'error', 'state_reason')
  return true
end
