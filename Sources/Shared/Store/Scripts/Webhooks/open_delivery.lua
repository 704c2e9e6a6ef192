-- Writes down which events the next message to a webhook has, before its first attempt: whoever goes on after this worker
-- sends the same ones under the same id.
--
-- ARGV holder  the worker that sends to webhooks
-- ARGV id      the webhook's number
-- ARGV kind    `events`, or `missed` where some are kept no more
-- ARGV after   behind which event the message begins, which is where the webhook stands
-- ARGV last    the last event that it covers
-- ARGV events  how many it has
-- ARGV items   their ids, with blanks between, where it has not all of its types that are between; else empty
-- Returns: `ok`; `lost` where another worker sends now; `changed` where the webhook does not stand there any more, is disabled,
--   or is gone.
--
-- needs: broken_records, sole_tasks, webhook_deliveries

if not does('webhooks', holder) then return 'lost' end
refuse(broken_webhook(id))
local key = P .. 'webhook:' .. id
local v = redis.call('HMGET', key, 'state', 'position', 'open')
if v[1] ~= 'active' or v[2] ~= after then return 'changed' end
-- The record of an open one may have been lost.
if v[3] and redis.call('EXISTS', key .. ':delivery:' .. v[3]) == 1 then return 'changed' end
local n = new_delivery(id, kind, after, last, events)
if items ~= '' then redis.call('HSET', key .. ':delivery:' .. n, 'items', items) end
redis.call('HSET', key, 'open', n)
return 'ok'
