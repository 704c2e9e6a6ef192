-- Ends the script where nothing is due, as most often: before the fragments that only probes need.
--
-- `first_due(schedule, from)`: the first time from a score on at which a PM of the schedule is due.
--
-- needs: time

local function first_due(schedule, from)
  local first = redis.call('ZRANGEBYSCORE', P .. schedule, from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  return first[2] and tonumber(first[2]) or math.huge
end
local next_due = math.min(first_due('discovery', '-inf'), first_due('discovery:down', '-inf'))
if next_due > now_ms then return {next_due < math.huge and next_due - now_ms or -1, 0, 0, {}, now_ms, {}, 0, 0} end
