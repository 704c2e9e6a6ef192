-- Says that a worker lives, and forgets those that were silent for a day.
--
-- ARGV worker       its name
-- ARGV lifetime_ms  of the record
-- ARGV instance     the run of it; may be empty
-- ARGV fields...    field, value, …
-- Returns: 1, or 0 where the name is another instance's by now.
--
-- needs: broken_records, schema, time

local owner = redis.call('HGET', P .. 'worker:' .. worker, 'instance')
if owner and instance ~= '' and owner ~= instance then return 0 end
restore_schema()
refuse(wrong_kind('worker:' .. worker, 'workers'))
redis.call('HSET', P .. 'worker:' .. worker, 'seen_at', now, unpack(ARGV, fields))
redis.call('PEXPIRE', P .. 'worker:' .. worker, lifetime_ms)
redis.call('ZADD', P .. 'workers', whole(now_ms), worker)
redis.call('ZREMRANGEBYSCORE', P .. 'workers', '-inf', whole(now_ms - 86400000))
return 1
