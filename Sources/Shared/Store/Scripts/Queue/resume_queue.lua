-- Has workers take jobs off the queues again.
--
-- Returns: 1, or 0 where they did.
--
-- needs: broken_records, events

refuse(wrong_kind('events'))
if redis.call('DEL', P .. 'queue:paused') == 0 then return 0 end
event('queue.resumed')
return 1
