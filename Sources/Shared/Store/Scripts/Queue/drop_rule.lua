-- Takes the rule for jobs of a kind away.
--
-- ARGV kind  the operation
-- Returns: 1, or 0 where there was none.
--
-- needs: broken_records, events

refuse(wrong_kind('queue:rules', 'events'))
if redis.call('HDEL', P .. 'queue:rules', kind) == 0 then return 0 end
event('queue.rule', 'kind', kind, 'action', '', 'reason', '')
return 1
