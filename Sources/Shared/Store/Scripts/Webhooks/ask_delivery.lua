-- Asks for an attempt to be made now: at a message that was sent before, or at one for a test.
--
-- ARGV id        the webhook's number
-- ARGV delivery  the message's number; empty for a test
-- ARGV limit     how many attempts may be asked for at once
-- ARGV author    who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: `{'ok', number}`; `{'unknown_webhook'}`; `{'unknown_delivery'}`; `{'full'}` where as many are asked for.
--
-- needs: audit_log, broken_records, events, time, webhook_deliveries

refuse(broken_audit_log() or broken_webhook(id)
  or delivery ~= '' and not_whole('webhook:' .. id .. ':delivery:' .. delivery, false, 'number'))
local key = P .. 'webhook:' .. id
local v = redis.call('HMGET', key, 'id', 'open')
if not v[1] then return {'unknown_webhook'} end
local n, asked = delivery, asked_of(id)
if n ~= '' and redis.call('EXISTS', key .. ':delivery:' .. n) == 0 then return {'unknown_delivery'} end
if n == '' or n ~= v[2] then
  for _, each in ipairs(asked) do
    if each == n then
      audited('object', 'webhook ' .. id, 'delivery', n)
      return {'ok', n}
    end
  end
  if #asked >= tonumber(limit) then return {'full'} end
end
if n == '' then n = new_delivery(id, 'test', '', '', 0) end
if n == v[2] then
  -- It is being tried already, and need only not wait.
  redis.call('HSET', key .. ':delivery:' .. n, 'next_ms', whole(now_ms))
else
  asked[#asked + 1] = n
  redis.call('HSET', key .. ':delivery:' .. n, 'state', 'pending', 'next_ms', whole(now_ms))
  redis.call('HSET', key, 'asked', table.concat(asked, ' '))
end
event('webhook.asked', 'webhook', id, 'delivery', n)
audited('object', 'webhook ' .. id, 'delivery', n)
return {'ok', n}
