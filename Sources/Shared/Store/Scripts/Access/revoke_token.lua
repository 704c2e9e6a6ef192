-- Forgets a token: whoever shows it is refused from then on.
--
-- ARGV id      the token's number
-- ARGV author  who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: 1, or 0 where there is none.
--
-- needs: audit_log, broken_records, events

refuse(broken_audit_log() or wrong_kind('tokens', 'events'))
if redis.call('ZREM', P .. 'tokens', id) == 0 then return 0 end
redis.call('DEL', P .. 'token:' .. id)
event('token.revoked', 'token', id)
audited('object', 'token ' .. id)
return 1
