-- Makes a rule for jobs of a kind, in place of the one that there was.
--
-- ARGV kind    the operation
-- ARGV action  `reject`: no more of them are accepted; `defer`: those that have not begun wait until the rule goes
-- ARGV reason  why, for people
-- ARGV author  who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: 1, or 0 where no operation is called so.
--
-- needs: audit_log, broken_records, events, operations, time

if not operation(kind) then return 0 end
refuse(broken_audit_log() or wrong_kind('queue:rules', 'events'))
redis.call('HSET', P .. 'queue:rules', kind, cjson.encode({action = action, reason = reason, at = now}))
event('queue.rule', 'kind', kind, 'action', action, 'reason', reason)
audited('kind', kind, 'action', action, 'reason', reason)
return 1
