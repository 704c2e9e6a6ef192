-- Puts a job that has not ended and stands nowhere back to its place in the queue; nobody holds it any more.
--
-- ARGV job  the job
-- Returns: 1, or 0 where it has ended or stands somewhere.
--
-- needs: broken_records, events, queue

local key = P .. 'job:' .. job
local j = redis.call('HMGET', key, 'state', 'entry', 'vm', 'worker', 'kind')
if not j[1] or not j[2] or j[1] == 'done' or j[1] == 'failed' or j[1] == 'dead' then return 0 end
if redis.call('ZSCORE', P .. 'delayed', job) then return 0 end
if redis.call('ZSCORE', P .. 'queue:returned', j[2]) then return 0 end
local lists = {P .. 'queue', P .. 'queue:direct', P .. 'vm:' .. j[3] .. ':waiting', P .. 'processing:' .. (j[4] or '')}
for _, worker in ipairs(redis.call('ZRANGE', P .. 'workers', 0, -1)) do
  lists[#lists + 1] = P .. 'processing:' .. worker
end
for _, list in ipairs(lists) do
  if redis.call('LPOS', list, j[2]) then return 0 end
end
refuse(broken_job(job) or wrong_kind('leases', 'events', 'queue:returned', 'queue:direct'))
redis.call('ZREM', P .. 'leases', job)
redis.call('HINCRBY', key, 'epoch', 1)
redis.call('HSET', key, 'state', 'queued', 'handed_back', 'an audit found it nowhere')
put_back(j[2], job)
event('job.queued', 'job', job, 'vm', j[3], 'why', 'an audit found it nowhere')
return 1
