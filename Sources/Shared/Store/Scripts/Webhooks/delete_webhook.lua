-- Forgets a webhook and what was sent to it.
--
-- ARGV id  the webhook's number
-- Returns: 1, or 0 where there is none.
--
-- needs: broken_records, events, time, webhook_deliveries
-- constants: deliveries_kept

refuse(wrong_kind('webhooks') or broken_webhook(id))
if redis.call('ZREM', P .. 'webhooks', id) == 0 then return 0 end
local key = P .. 'webhook:' .. id
local last = tonumber(redis.call('HGET', key, 'deliveries') or '0')
for n = math.max(1, last - deliveries_kept + 1), last do redis.call('DEL', key .. ':delivery:' .. whole(n)) end
redis.call('DEL', key)
event('webhook.deleted', 'webhook', id)
return 1
