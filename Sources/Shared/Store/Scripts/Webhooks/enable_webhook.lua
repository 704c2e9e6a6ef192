-- Has events sent to a webhook again, from where it was disabled.
--
-- ARGV id      the webhook's number
-- ARGV author  who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: 1, or 0 where there is none.
--
-- needs: audit_log, broken_records, events, webhook_deliveries

refuse(broken_audit_log() or broken_webhook(id))
local key = P .. 'webhook:' .. id
if redis.call('HEXISTS', key, 'id') == 0 then return 0 end
redis.call('HSET', key, 'state', 'active')
redis.call('HDEL', key, 'reason', 'failing_since')
event('webhook.enabled', 'webhook', id)
audited('object', 'webhook ' .. id)
return 1
