-- `broken_webhook(id)`: what of a webhook's record cannot be worked with.
--
-- `new_delivery(id, kind, after, last, events)`: makes a record of a message to a webhook, in place of the oldest one
-- where there are as many as are kept; returns its number. No other message, also of a history that was lost, has its id.
--
-- `asked_of(id, but)`: the messages whose next attempt somebody asked for, as far as they are kept, without one.
--
-- needs: broken_records, time
-- constants: deliveries_kept

local function broken_webhook(id)
  return not_whole('webhook:' .. id, false, 'id', 'deliveries', 'open') or wrong_kind('events')
end
local function new_delivery(id, kind, after, last, events)
  local key = P .. 'webhook:' .. id
  local n = whole(redis.call('HINCRBY', key, 'deliveries', 1))
  local record = P .. 'webhook:' .. id .. ':delivery:'
  redis.call('DEL', record .. n, record .. whole(tonumber(n) - deliveries_kept))
  redis.call('HSET', record .. n, 'number', n, 'message', id .. '-' .. n .. '-' .. version, 'kind', kind, 'state', 'pending',
    'after', after, 'last', last, 'events', events, 'attempts', 0, 'created_ms', whole(now_ms), 'next_ms', whole(now_ms))
  return n
end
local function asked_of(id, but)
  local v = redis.call('HMGET', P .. 'webhook:' .. id, 'asked', 'deliveries')
  local oldest, asked = tonumber(v[2] or '0') - deliveries_kept, {}
  for each in string.gmatch(v[1] or '', '%d+') do
    if tonumber(each) > oldest and each ~= but then asked[#asked + 1] = each end
  end
  return asked
end
