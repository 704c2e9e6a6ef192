-- Takes a rule away.
--
-- ARGV words   for which jobs it is, as `queue_rules` has it
-- ARGV author  who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: 1, or 0 where there was none.
--
-- needs: audit_log, broken_records, events

refuse(broken_audit_log() or wrong_kind('queue:rules', 'events'))
if redis.call('HDEL', P .. 'queue:rules', words) == 0 then return 0 end
event('queue.rule', 'rule', words, 'action', '', 'reason', '')
audited('rule', words, 'action', '')
return 1
