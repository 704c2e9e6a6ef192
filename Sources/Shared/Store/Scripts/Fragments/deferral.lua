-- `defer(job, pm, delay_ms)`: has the job go on after a time, or as soon as its PM is up again.
--
-- `defer_by_rule(job, words, why)`: has it wait until the rule of these words goes. It comes back once an hour, too, so
-- that none is forgotten.
--
-- `promote(job, why)`: puts a deferred job back to its place in the queue; returns what is broken of it.
-- `end_room_wait(job, why)`: the same of one that waits for room, which is decided on now and does not wait again.
--
-- needs: broken_records, events, queue, room_wait, time

local function defer(job, pm, delay_ms)
  redis.call('HSET', P .. 'job:' .. job, 'state', 'delayed')
  redis.call('ZADD', P .. 'delayed', whole(now_ms + delay_ms), job)
  redis.call('SADD', P .. 'pm:' .. pm .. ':delayed', job)
end
local function defer_by_rule(job, words, why)
  redis.call('HSET', P .. 'job:' .. job, 'state', 'delayed', 'put_off', why, 'rule', words)
  redis.call('ZADD', P .. 'delayed', whole(now_ms + 3600000), job)
  redis.call('ZADD', P .. 'queue:deferred:' .. words, job, job)
end
local function promote(job, why)
  redis.call('ZREM', P .. 'delayed', job)
  local key, problem = P .. 'job:' .. job, broken_job(job)
  if problem then return problem end
  local j = redis.call('HMGET', key, 'state', 'pm', 'entry', 'vm', 'rule')
  if j[2] and not wrong_kind('pm:' .. j[2] .. ':delayed') then redis.call('SREM', P .. 'pm:' .. j[2] .. ':delayed', job) end
  if j[5] then
    if not wrong_kind('queue:deferred:' .. j[5]) then redis.call('ZREM', P .. 'queue:deferred:' .. j[5], job) end
    redis.call('HDEL', key, 'rule')
  end
  if j[3] then leave_room(job, j[3]) end
  if j[1] ~= 'delayed' then return end
  problem = lacks('job:' .. job, j, '', '', 'entry', 'vm')
  if problem then return problem end
  redis.call('HSET', key, 'state', 'queued')
  put_back(j[3], job)
  event('job.queued', 'job', job, 'vm', j[4], 'why', why or 'its time has come')
end
local function end_room_wait(job, why)
  redis.call('HDEL', P .. 'job:' .. job, 'room_until')
  promote(job, why)
end
