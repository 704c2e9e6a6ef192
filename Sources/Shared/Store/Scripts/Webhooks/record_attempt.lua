-- Records what became of an attempt.
--
-- ARGV holder    the worker that sends to webhooks
-- ARGV id        the webhook's number
-- ARGV delivery  the message's number
-- ARGV state     `delivered`, `failed`, `expired`, or `pending` where there is to be another attempt
-- ARGV status    the status of the receiver's answer; empty where it gave none
-- ARGV reason    why it failed
-- ARGV delay_ms  after how long the next attempt is due
-- ARGV disable   why nothing more is to be sent; empty where more is
-- Returns: `ok`; `lost` where another worker sends now; `changed` where the webhook or the record is gone.
--
-- needs: broken_records, events, sole_tasks, time, webhook_deliveries

if not does('webhooks', holder) then return 'lost' end
local key = P .. 'webhook:' .. id
local record = P .. 'webhook:' .. id .. ':delivery:' .. delivery
refuse(broken_webhook(id) or not_whole('webhook:' .. id .. ':delivery:' .. delivery, false, 'number', 'attempts'))
local v = redis.call('HMGET', key, 'id', 'name', 'open', 'failing_since')
local d = redis.call('HMGET', record, 'number', 'last')
if not v[1] or not d[1] then return 'changed' end
refuse(lacks('webhook:' .. id .. ':delivery:' .. delivery, d, '', 'last'))
redis.call('HSET', record, 'state', state, 'status', status, 'reason', reason, 'next_ms',
  state == 'pending' and whole(now_ms + tonumber(delay_ms)) or '')
if state ~= 'expired' then
  redis.call('HINCRBY', record, 'attempts', 1)
  redis.call('HSET', record, 'attempted_ms', whole(now_ms))
end
redis.call('HSET', key, 'asked', table.concat(asked_of(id, delivery), ' '))
if v[3] == delivery and state ~= 'pending' then
  redis.call('HDEL', key, 'open')
  redis.call('HSET', key, 'position', d[2])
end
if state == 'delivered' then
  redis.call('HDEL', key, 'failing_since')
elseif not v[4] then
  redis.call('HSET', key, 'failing_since', whole(now_ms))
end
if disable ~= '' then
  redis.call('HSET', key, 'state', 'disabled', 'reason', disable)
  event('webhook.disabled', 'webhook', id, 'name', v[2] or '', 'reason', disable)
end
return 'ok'
