-- Forgets a webhook and what was sent to it.
--
-- ARGV id      the webhook's number
-- ARGV author  who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: 1, or 0 where there is none.
--
-- needs: audit_log, broken_records, events, time, webhook_deliveries
-- constants: deliveries_kept

refuse(broken_audit_log() or wrong_kind('webhooks') or broken_webhook(id))
local project = redis.call('HGET', P .. 'webhook:' .. id, 'project')
refuse(project and wrong_kind('webhooks:project:' .. project))
if redis.call('ZREM', P .. 'webhooks', id) == 0 then return 0 end
if project then redis.call('ZREM', P .. 'webhooks:project:' .. project, id) end
local key = P .. 'webhook:' .. id
local last = tonumber(redis.call('HGET', key, 'deliveries') or '0')
for n = math.max(1, last - deliveries_kept + 1), last do redis.call('DEL', key .. ':delivery:' .. whole(n)) end
redis.call('DEL', key)
event('webhook.deleted', 'webhook', id)
audited('object', 'webhook ' .. id)
return 1
