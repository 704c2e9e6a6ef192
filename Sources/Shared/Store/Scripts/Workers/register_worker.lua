-- Makes a worker known before its first act, unless a live one has its name or other settings.
--
-- A worker is alive while its last sign of life is younger than its own lease.
--
-- ARGV worker         its name
-- ARGV lifetime_ms    of the record
-- ARGV ended          instances that are known to have ended, with spaces around each
-- ARGV setting_count  how many pairs of setting and value come first
-- ARGV fields...      field, value, …: first the settings that all live workers must share, then more, `instance` among
--   them
-- Returns: `{'ok'}`; `{'taken', '', seen, {HGETALL of the worker}}` where a live one has the name;
--   `{'differs', setting, seen, {HGETALL of the other worker}}`. `seen` is its last sign of life in ms since 1970.
--
-- needs: time

local settings_end = fields - 1 + 2 * tonumber(setting_count)
local function seen_alive(name)
  local r = redis.call('HMGET', P .. 'worker:' .. name, 'instance', 'lease_ms')
  local seen = tonumber(redis.call('ZSCORE', P .. 'workers', name) or 0)
  if not r[1] or string.find(ended, ' ' .. r[1] .. ' ', 1, true) then return nil end
  return now_ms - seen <= (tonumber(r[2]) or 0) and seen or nil
end
local seen = seen_alive(worker)
if seen then return {'taken', '', whole(seen), redis.call('HGETALL', P .. 'worker:' .. worker)} end
-- No lease is longer than an hour.
for _, other in ipairs(redis.call('ZRANGEBYSCORE', P .. 'workers', whole(now_ms - 3600000), '+inf')) do
  seen = other ~= worker and seen_alive(other)
  for i = fields, seen and settings_end or 0, 2 do
    local value = redis.call('HGET', P .. 'worker:' .. other, ARGV[i])
    -- Those of before there was a number do not say it.
    if ARGV[i] == 'schema' then value = value or '0' end
    if value and value ~= ARGV[i + 1] then
      return {'differs', ARGV[i], whole(seen), redis.call('HGETALL', P .. 'worker:' .. other)}
    end
  end
end
redis.call('DEL', P .. 'worker:' .. worker)
redis.call('HSET', P .. 'worker:' .. worker, 'seen_at', now, unpack(ARGV, fields))
redis.call('PEXPIRE', P .. 'worker:' .. worker, lifetime_ms)
redis.call('ZADD', P .. 'workers', whole(now_ms), worker)
return {'ok'}
