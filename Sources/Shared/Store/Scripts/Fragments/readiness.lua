-- `not_ready()`: nil where all is known that there is, else why nothing is accepted: `not_ready`, or `other_schema` where
-- the records are not of the schema of these programs. It refuses broken counters, which it reads along, once for all that
-- is accepted. `mark_ready()`: notes that all is known once it is.
--
-- A Redis that was empty knows of no VM before each PM that is listed was probed once, with or without success.
--
-- needs: broken_records, counters, events, time
-- constants: schema

local function not_ready()
  local c = redis.pcall('HMGET', P .. 'counters', 'vm', 'job', 'fleet', 'room', 'use', 'ready_at', 'began_at')
  refuse(c.err and P .. 'counters must be a hash' or broken_counts(c))
  note_counters(c[1], c[2])
  if c[7] and tonumber(redis.call('GET', P .. 'schema') or 0) ~= schema then return 'other_schema' end
  if not c[6] and not (c[7] and redis.call('EXISTS', P .. 'pms') == 0) then return 'not_ready' end
end
local function mark_ready()
  if redis.call('HEXISTS', P .. 'counters', 'ready_at') == 1 then return end
  -- One after another: nobody walks all PMs before each of them was probed.
  local upto = string.match(redis.call('HGET', P .. 'counters', 'ready_upto') or '', '^%d+$') or '0'
  while true do
    local pm = redis.call('ZRANGEBYSCORE', P .. 'pms', '(' .. upto, '+inf', 'LIMIT', 0, 1)[1]
    if not pm then break end
    -- One whose record is of another type was not probed.
    if redis.pcall('HEXISTS', P .. 'pm:' .. pm, 'checked_at') ~= 1 then
      redis.call('HSET', P .. 'counters', 'ready_upto', upto)
      return
    end
    upto = pm
  end
  redis.call('HDEL', P .. 'counters', 'ready_upto')
  local all_read = true
  for _, pm in ipairs(redis.call('ZRANGE', P .. 'pms', 0, -1)) do
    local m = redis.pcall('HMGET', P .. 'pm:' .. pm, 'checked_at', 'inventory_at')
    if not m[1] then return end
    all_read = all_read and m[2]
  end
  if not all_read and redis.call('HEXISTS', P .. 'counters', 'adopted') == 1 then
    -- A PM that does not answer may have VMs with higher numbers than those that were found.
    for _, name in ipairs({'vm', 'job'}) do redis.call('HINCRBY', P .. 'counters', name, 1000) end
  end
  redis.call('HSET', P .. 'counters', 'ready_at', now)
  event('fleet.ready')
end
