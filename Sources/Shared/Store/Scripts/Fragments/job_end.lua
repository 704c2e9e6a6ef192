-- `end_job(job, state, code, message, cause, kept, known)`: writes the outcome, publishes it, and bounds the history.
--
-- `known` is kind, VM, PM, nonce, request and project where they were read already.
--
-- What a VM's seed disk is made of may be secret, and goes with the end of the job that makes the VM, however it ends.
--
-- `kept` is how long what is kept, as `keep_history` takes it.
--
-- needs: events, job_history, operations, projects, time

local function end_job(job, state, code, message, cause, kept, known)
  local key = P .. 'job:' .. job
  redis.call('HSET', key, 'state', state, 'finished_at', now,
    'error_code', code, 'error', message, 'cause', cause)
  local j = known or redis.call('HMGET', key, 'kind', 'vm', 'pm', 'nonce', 'request', 'project', 'reserved')
  if (operation(j[1] or '') or {}).initial then redis.call('DEL', P .. 'vm:' .. (j[2] or '') .. ':seed') end
  if j[7] then release_reservation(job) end
  keep_history(job, j[2] or '', j[5] or '', j[6] or '', #message + #cause, kept)
  event('job.finished', 'job', job, 'kind', j[1] or '', 'vm', j[2] or '', 'pm', j[3] or '',
    'state', state, 'code', code, 'message', message, 'cause', cause, 'nonce', j[4] or '')
end
