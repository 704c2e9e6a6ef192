-- `untried(pm, worker)`: whether a worker other than this one is alive and has no note of a failed probe of the PM.
--
-- `is_left(pm, worker)`: whether this worker has such a note itself, so that it leaves the PM to the others.
--
-- `reached_by_other(known, worker, window)`: whether such a worker reached the PM within so many ms; `known` has who
-- reached it last, and when, in its third and fourth place. The notes go with the last one's window.
--
-- needs: time

local live
local function untried(pm, worker)
  if not live then
    live = {}
    local names = redis.pcall('ZRANGEBYSCORE', P .. 'workers', whole(now_ms - 3600000), '+inf')
    for _, name in ipairs(names.err and {} or names) do
      if redis.call('EXISTS', P .. 'worker:' .. name) == 1 then live[#live + 1] = name end
    end
  end
  for _, name in ipairs(live) do
    if name ~= worker and redis.call('HEXISTS', P .. 'pm:' .. pm .. ':unreached', name) == 0 then return true end
  end
  return false
end
local function is_left(pm, worker)
  local note = redis.pcall('HEXISTS', P .. 'pm:' .. pm .. ':unreached', worker)
  return note == 1 and untried(pm, worker)
end
local function reached_by_other(known, worker, window)
  local by, at = known[3], known[4]
  return by and by ~= worker and (at or '') > iso(now_ms - window) and redis.call('EXISTS', P .. 'worker:' .. by) == 1
end
