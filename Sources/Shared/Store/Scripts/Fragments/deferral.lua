-- `defer(job, pm, delay_ms)`: has the job go on after a time, or as soon as its PM is up again.
--
-- `promote(job)`: puts a deferred job back to its place in the queue; returns what is broken of it.
--
-- needs: broken_records, events, queue, time

local function defer(job, pm, delay_ms)
  redis.call('HSET', P .. 'job:' .. job, 'state', 'delayed')
  redis.call('ZADD', P .. 'delayed', whole(now_ms + delay_ms), job)
  redis.call('SADD', P .. 'pm:' .. pm .. ':delayed', job)
end
local function promote(job)
  redis.call('ZREM', P .. 'delayed', job)
  local key, problem = P .. 'job:' .. job, broken_job(job)
  if problem then return problem end
  local j = redis.call('HMGET', key, 'state', 'pm', 'entry', 'vm')
  if j[2] and not wrong_kind('pm:' .. j[2] .. ':delayed') then redis.call('SREM', P .. 'pm:' .. j[2] .. ':delayed', job) end
  if j[1] ~= 'delayed' then return end
  problem = lacks('job:' .. job, j, '', '', 'entry', 'vm')
  if problem then return problem end
  redis.call('HSET', key, 'state', 'queued')
  put_back(j[3], job)
  event('job.queued', 'job', job, 'vm', j[4], 'why', 'its time has come')
end
