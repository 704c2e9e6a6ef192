-- `dead_letter(line, job, vm, why, code, message, kept)`: puts an entry on the dead list and ends its job, which nobody is to
-- try again; its VM stays as it is, in state `error`.
--
-- The job's record must not be broken.
--
-- needs: broken_records, events, job_end, time, waiting_jobs

local function dead_letter(line, job, vm, why, code, message, kept)
  redis.call('LPUSH', P .. 'dead', cjson.encode({entry = line, reason = why, at = now}))
  event('job.dead', 'job', job, 'vm', vm, 'reason', why)
  local key = P .. 'vm:' .. vm
  if not broken_vm(vm) and redis.call('EXISTS', key) == 1 then
    redis.call('HSET', key, 'state', 'error', 'error', why, 'settled_at', now)
    redis.call('HDEL', key, 'job', 'destroy_job', 'state_before')
    wake_waiting(vm)
  end
  end_job(job, 'dead', code, message, why, kept)
end
