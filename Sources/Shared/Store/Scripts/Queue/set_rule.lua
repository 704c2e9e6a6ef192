-- Makes a rule for jobs, in place of the one for the same jobs that there was.
--
-- ARGV kind    the operation; empty for any
-- ARGV words   for which jobs it is, as `queue_rules` has it
-- ARGV action  `reject`: no more of them are accepted; `defer`: those that have not begun wait until the rule goes
-- ARGV reason  why, for people
-- ARGV author  who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: 1, or 0 where no operation is called so.
--
-- needs: audit_log, broken_records, events, operations, time

if kind ~= '' and not operation(kind) then return 0 end
refuse(broken_audit_log() or wrong_kind('queue:rules', 'events'))
redis.call('HSET', P .. 'queue:rules', words, cjson.encode({action = action, reason = reason, at = now}))
event('queue.rule', 'rule', words, 'action', action, 'reason', reason)
audited('rule', words, 'action', action, 'reason', reason)
return 1
