-- Has workers take nothing more off the queues; what they hold goes on. Where that is so already, the reason is the new one.
--
-- ARGV reason  why, for people
-- ARGV author  who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: 1.
--
-- needs: audit_log, broken_records, events, time

refuse(broken_audit_log() or wrong_kind('queue:paused', 'events'))
redis.call('HSET', P .. 'queue:paused', 'reason', reason)
redis.call('HSETNX', P .. 'queue:paused', 'at', now)
event('queue.paused', 'reason', reason)
audited('reason', reason)
return 1
