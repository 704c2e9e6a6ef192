-- Has jobs that a rule had deferred come back to their places, the oldest first; a sweep puts them there.
--
-- ARGV words  for which jobs the rule is
-- ARGV limit  how many at most
-- Returns: how many are left.
--
-- needs: broken_records, events, time

local key = 'queue:deferred:' .. words
refuse(wrong_kind(key, 'delayed', 'events'))
local jobs = redis.call('ZRANGE', P .. key, 0, tonumber(limit) - 1)
for _, job in ipairs(jobs) do
  redis.call('ZREM', P .. key, job)
  redis.call('ZADD', P .. 'delayed', 'XX', whole(now_ms), job)
end
-- It wakes the sweep.
if #jobs > 0 then event('job.delayed', 'rule', words, 'why', 'the rule that deferred it is gone') end
return redis.call('ZCARD', P .. key)
