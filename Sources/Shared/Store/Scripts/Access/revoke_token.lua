-- Forgets a token: whoever shows it is refused from then on.
--
-- ARGV id  the token's number
-- Returns: 1, or 0 where there is none.
--
-- needs: broken_records, events

refuse(wrong_kind('tokens', 'events'))
if redis.call('ZREM', P .. 'tokens', id) == 0 then return 0 end
redis.call('DEL', P .. 'token:' .. id)
event('token.revoked', 'token', id)
return 1
