-- Reads a job: its record, its steps, and where it stands in its queue.
--
-- Changes nothing. The queues are in the order of the numbers, so that a job's place is found in a few reads however long
-- they are; of a job that came back to the direct queue the place is about right.
--
-- ARGV job  the job
-- Returns: `{HGETALL of the record, HGETALL of the steps, ahead, due, now}`: how many jobs are to be taken before it while it is
--   queued or waits behind another job of its VM, else -1; when it is due where it was deferred, else empty; and the time
--   in ms.
--
-- when full: nothing is written
-- needs: broken_records, operations, queue, time

local key = P .. 'job:' .. job
refuse(wrong_kind('job:' .. job, 'job:' .. job .. ':steps'))
local j = redis.call('HMGET', key, 'state', 'kind', 'vm', 'entry')
local ahead, due = -1, ''

-- How many entries of a queue have lower numbers: a binary search from its right end.
local function lower_in(list)
  local low, high = 0, redis.call('LLEN', P .. list)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local other = job_in(redis.call('LINDEX', P .. list, -1 - middle))
    if other and tonumber(other) < tonumber(job) then low = middle + 1 else high = middle end
  end
  return low
end
if j[1] == 'queued' then
  refuse(wrong_kind('queue', 'queue:returned', 'queue:direct'))
  if takes_capacity(j[2]) then
    ahead = lower_in('queue') + redis.call('ZCOUNT', P .. 'queue:returned', '-inf', '(' .. job)
  else
    ahead = lower_in('queue:direct')
  end
elseif j[1] == 'waiting' then
  -- The one under way, and those that came before.
  local place = redis.call('LPOS', P .. 'vm:' .. j[3] .. ':waiting', j[4])
  ahead = place and place + 1 or -1
elseif j[1] == 'delayed' then
  local at = redis.call('ZSCORE', P .. 'delayed', job)
  if at then due = iso(tonumber(at)) end
end
return {redis.call('HGETALL', key), redis.call('HGETALL', key .. ':steps'), ahead, due, now_ms}
