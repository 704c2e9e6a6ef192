-- Refuses all tokens until an administrator confirms them: Redis has gone back to an older copy of its data, in which
-- tokens may stand that were revoked since.
--
-- ARGV reason  why
-- Returns: 1, or 0 where they are suspended already.
--
-- needs: broken_records, events

refuse(wrong_kind('events'))
if not redis.call('SET', P .. 'tokens:suspended', reason, 'NX') then return 0 end
event('token.suspended', 'why', reason)
return 1
