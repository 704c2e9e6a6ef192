-- `dead_letter(line, job, kind, vm, why, code, message, kept)`: puts an entry on the dead list and ends its job, which
-- nobody is to try again; its VM stays as it is, in state `error`.
--
-- The job's record must not be broken.
--
-- needs: broken_records, dead_list, events, job_claim, job_end, operations, vm_outcome, waiting_jobs

local function dead_letter(line, job, kind, vm, why, code, message, kept)
  add_dead(line, why)
  event('job.dead', 'job', job, 'vm', vm, 'reason', why)
  local op, v = operation(kind), read_vm(vm)
  -- One that cannot be given back without harm, an audit finds.
  if op and op.is_held_by_job and v and not broken_job_claim(job, vm, v) then settle_job_claim(job, op, 'dead', vm, v) end
  if op and v and v.state and not broken_waiting(vm) then
    settle_vm(op, kind, 'dead', vm, v, why)
    wake_waiting(vm, job)
  end
  end_job(job, 'dead', code, message, why, kept)
end
