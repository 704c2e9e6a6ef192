-- Lets tokens be used again.
--
-- ARGV author  who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: how many there are.
--
-- needs: audit_log, broken_records, events

refuse(broken_audit_log() or wrong_kind('tokens', 'events'))
redis.call('DEL', P .. 'tokens:suspended')
event('token.confirmed')
audited('object', 'tokens')
return redis.call('ZCARD', P .. 'tokens')
