-- `dead_letter(line, job, kind, vm, why, code, message, kept)`: puts an entry on the dead list and ends its job, which
-- nobody is to try again; its VM stays as it is, in state `error`.
--
-- The job's record must not be broken.
--
-- needs: broken_records, events, job_end, operations, time, vm_outcome, waiting_jobs

local function dead_letter(line, job, kind, vm, why, code, message, kept)
  redis.call('LPUSH', P .. 'dead', cjson.encode({entry = line, reason = why, at = now}))
  event('job.dead', 'job', job, 'vm', vm, 'reason', why)
  local op, v = operation(kind), read_vm(vm)
  if op and v and v.state and not broken_waiting(vm) then
    settle_vm(op, kind, 'dead', vm, v, why)
    wake_waiting(vm)
  end
  end_job(job, 'dead', code, message, why, kept)
end
