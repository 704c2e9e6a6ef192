-- Puts a job off, where the worker still holds it; its VM keeps its claim.
--
-- ARGV job       the job
-- ARGV epoch     the epoch under which the worker holds it
-- ARGV delay_ms  until it is due
-- ARGV code      why the try failed
-- ARGV message   the same in words
-- ARGV cause     what that came from
-- ARGV steps...  lines of the step log, three arguments each, as `step_log` takes them
-- Returns: 1, or 0 where the job is another worker's or has ended.
--
-- needs: broken_records, deferral, events, last_failure, lease_release, step_log

refuse(broken_job(job))
local j = redis.call('HMGET', P .. 'job:' .. job, 'epoch', 'state', 'entry', 'worker', 'pm', 'vm', 'kind')
if j[1] ~= epoch or j[2] ~= 'running' then return 0 end
refuse(lacks('job:' .. job, j, '', '', 'entry', 'worker', 'pm', 'vm', 'kind'))
refuse(broken_steps(job, steps) or wrong_kind('processing:' .. j[4], 'leases', 'delayed', 'events') or broken_pm(j[5]))
write_steps(job, steps)
revoke(job, j[3], j[4])
last_failure(job, code, message, cause)
defer(job, j[5], tonumber(delay_ms))
event('job.delayed', 'job', job, 'kind', j[7], 'vm', j[6], 'pm', j[5], 'why', message)
return 1
