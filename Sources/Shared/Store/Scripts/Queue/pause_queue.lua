-- Has workers take nothing more off the queues; what they hold goes on. Where that is so already, the reason is the new one.
--
-- ARGV reason  why, for people
-- Returns: 1.
--
-- needs: broken_records, events, time

refuse(wrong_kind('queue:paused', 'events'))
redis.call('HSET', P .. 'queue:paused', 'reason', reason)
redis.call('HSETNX', P .. 'queue:paused', 'at', now)
event('queue.paused', 'reason', reason)
return 1
