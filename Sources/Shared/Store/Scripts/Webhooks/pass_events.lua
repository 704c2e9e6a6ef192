-- Moves a webhook past events none of which is for it.
--
-- ARGV holder  the worker that sends to webhooks
-- ARGV id      the webhook's number
-- ARGV after   where it stands
-- ARGV last    the last of those events
-- Returns: `ok`; `lost` where another worker sends now; `changed` where it does not stand there any more.
--
-- needs: broken_records, sole_tasks, webhook_deliveries

if not does('webhooks', holder) then return 'lost' end
refuse(broken_webhook(id))
local key = P .. 'webhook:' .. id
local v = redis.call('HMGET', key, 'position', 'open')
if v[1] ~= after or v[2] and redis.call('EXISTS', key .. ':delivery:' .. v[2]) == 1 then return 'changed' end
redis.call('HDEL', key, 'open')
redis.call('HSET', key, 'position', last)
return 'ok'
