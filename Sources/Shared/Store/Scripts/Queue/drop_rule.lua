-- Takes the rule for jobs of a kind away.
--
-- ARGV kind    the operation
-- ARGV author  who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: 1, or 0 where there was none.
--
-- needs: audit_log, broken_records, events

refuse(broken_audit_log() or wrong_kind('queue:rules', 'events'))
if redis.call('HDEL', P .. 'queue:rules', kind) == 0 then return 0 end
event('queue.rule', 'kind', kind, 'action', '', 'reason', '')
audited('kind', kind, 'action', '')
return 1
