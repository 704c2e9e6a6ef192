-- Puts a job back to its place in the queue, where the worker still holds it; its VM keeps its claim.
--
-- ARGV job       the job
-- ARGV epoch     the epoch under which the worker holds it
-- ARGV reason    why, for people
-- ARGV steps...  lines of the step log, three arguments each, as `step_log` takes them
-- Returns: 1, or 0 where the job is another worker's or has ended.
--
-- needs: broken_records, requeue, step_log

refuse(broken_job(job))
local j = redis.call('HMGET', P .. 'job:' .. job, 'epoch', 'state', 'worker', 'entry', 'vm')
if j[1] ~= epoch or j[2] ~= 'running' then return 0 end
refuse(lacks('job:' .. job, j, '', '', 'worker', 'entry', 'vm'))
refuse(broken_steps(job, steps) or wrong_kind('queue:returned', 'queue:direct', 'processing:' .. j[3], 'leases', 'events'))
write_steps(job, steps)
requeue_job(job, reason)
return 1
