-- Reads the events behind one, where all of them are kept; changes nothing.
--
-- ARGV after  the event behind which to begin
-- ARGV limit  how many at most
-- Returns: `{'ok', {entry, …}}`; `{'expired'}` where some are not kept, or where the event is of a history that this Redis
--   has lost.
--
-- when full: nothing is written
-- needs: broken_records
-- constants: events_kept

local key = P .. 'events'
refuse(wrong_kind('events'))
local function precedes(one, other)
  local a, b = {string.match(one, '^(%d+)-(%d+)$')}, {string.match(other, '^(%d+)-(%d+)$')}
  local ms, other_ms = tonumber(a[1]), tonumber(b[1])
  return ms < other_ms or ms == other_ms and tonumber(a[2]) < tonumber(b[2])
end
local first = redis.call('XRANGE', key, '-', '+', 'COUNT', 1)[1]
if not first then return after == '0-0' and {'ok', {}} or {'expired'} end
local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
-- A stream that is as short as this was never cut.
local is_from_begin = after == '0-0' and redis.call('XLEN', key) < events_kept
if precedes(last[1], after) or precedes(after, first[1]) and not is_from_begin then return {'expired'} end
return {'ok', redis.call('XRANGE', key, '(' .. after, '+', 'COUNT', limit)}
