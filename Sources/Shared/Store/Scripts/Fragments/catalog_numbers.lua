-- `number(kind, name, first)` and `list(kind, ids, listed)`: a name's number, given once; who is listed.
--
-- A map of numbers that was lost is made anew from the records, and a counter that was lost from the map, so that no
-- number is given to another name. `begin(kind, broken)` goes first: it ends the script where a record that may be
-- written is broken, and notes the first registration, which distinguishes a Redis that holds our state from one that lost it.
--
-- needs: broken_records, events, schema, time
-- constants: schema

local function begin(kind, broken)
  refuse(broken_counters() or not_whole('counters', false, kind) or wrong_kind(kind .. ':numbers'))
  for _, id in ipairs(redis.call('HVALS', P .. kind .. ':numbers')) do
    refuse(not is_whole(id) and P .. kind .. ':numbers has a value that is no whole number' or broken(id))
  end
  if redis.call('HSETNX', P .. 'counters', 'began_at', now) == 1 then write_schema(schema) end
end
local function name_of(kind, id)
  local key = P .. kind .. ':' .. id
  if kind == 'pm' then return redis.call('HGET', key, 'address') end
  if kind == 'image' then return redis.call('HGET', key, 'path') end
  local t = redis.call('HMGET', key, 'cpu', 'ram', 'disk')
  return t[1] and t[2] and t[3] and t[1] .. '/' .. t[2] .. '/' .. t[3]
end
local function restore_numbers(kind, first)
  local function restore(id)
    local name = name_of(kind, id)
    if name then redis.call('HSETNX', P .. kind .. ':numbers', name, id) end
  end
  for _, id in ipairs(redis.call('ZRANGE', P .. kind .. 's', 0, -1)) do restore(id) end
  -- Those that are listed no more; a counter may be as high as a number in a domain's metadata.
  local last = tonumber(redis.call('HGET', P .. 'counters', kind) or 0)
  for id = first, math.min(last, first + 100000) do restore(whole(id)) end
end
local function number(kind, name, first)
  local map = P .. kind .. ':numbers'
  if redis.call('EXISTS', map) == 0 then restore_numbers(kind, first) end
  local id = redis.call('HGET', map, name)
  if id then return id end
  local last = tonumber(redis.call('HGET', P .. 'counters', kind) or '')
  if not last then
    last = first - 1
    for _, given in ipairs(redis.call('HVALS', map)) do last = math.max(last, tonumber(given)) end
  end
  repeat last = last + 1 until redis.call('EXISTS', P .. kind .. ':' .. whole(last)) == 0
  redis.call('HSET', P .. 'counters', kind, whole(last))
  redis.call('HSET', map, name, whole(last))
  return whole(last)
end
local function list(kind, ids, listed)
  for _, id in ipairs(redis.call('ZRANGE', P .. kind .. 's', 0, -1)) do
    if not listed[id] then
      redis.call('HSET', P .. kind .. ':' .. id, 'listed', 0)
      redis.call('ZREM', P .. kind .. 's', id)
    end
  end
  for _, id in ipairs(ids) do redis.call('ZADD', P .. kind .. 's', id, id) end
  event('catalog.changed', 'kind', kind)
end
