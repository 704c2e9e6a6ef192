-- `requeue_job(job, why)`: puts a running job back to its place in the queue.
--
-- needs: events, lease_release, queue

local function requeue_job(job, why)
  local key = P .. 'job:' .. job
  local j = redis.call('HMGET', key, 'entry', 'vm', 'worker')
  revoke(job, j[1], j[3] or '')
  redis.call('HSET', key, 'state', 'queued', 'handed_back', why)
  put_back(j[1], job)
  event('job.queued', 'job', job, 'vm', j[2], 'why', why)
end
