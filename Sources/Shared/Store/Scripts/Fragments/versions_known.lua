-- `versions()`: the version of the fleet as a number, and that of its headroom as text, also where the counters were lost;
-- and the generation, or an empty text; and whether creates wait for room that was freed since they were considered.

local function versions()
  local c = redis.call('HMGET', P .. 'counters', 'fleet', 'room', 'began_at', 'room_asked')
  local has_room = c[4] and c[4] ~= (c[2] or '0')
  if c[1] then return tonumber(c[1]), c[2] or '0', c[3] or '', has_room end
  local highest = redis.call('ZREVRANGE', P .. 'fleet', 0, 0, 'WITHSCORES')[2]
  return tonumber(highest or 0), c[2] or highest or '0', c[3] or '', has_room
end
