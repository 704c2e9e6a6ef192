-- Has workers take jobs off the queues again.
--
-- ARGV author  who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: 1, or 0 where they did.
--
-- needs: audit_log, broken_records, events

refuse(broken_audit_log() or wrong_kind('events'))
if redis.call('DEL', P .. 'queue:paused') == 0 then return 0 end
event('queue.resumed')
audited()
return 1
