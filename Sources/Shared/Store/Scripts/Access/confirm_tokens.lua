-- Lets tokens be used again.
--
-- Returns: how many there are.
--
-- needs: broken_records, events

refuse(wrong_kind('tokens', 'events'))
redis.call('DEL', P .. 'tokens:suspended')
event('token.confirmed')
return redis.call('ZCARD', P .. 'tokens')
