-- Takes PMs that are due for a look; until the deadline, no other worker takes them.
--
-- A PM that this worker could not reach is left to the others, as long as one of them has not tried it.
--
-- ARGV limit        how many at most
-- ARGV deadline_ms  until another worker may take them
-- ARGV worker       who takes them; empty for anybody
-- Returns: `{ms until the next one is due, or -1, {HGETALL of a PM, …}, the time now in ms, {what is broken, …}}`; a PM
--   whose record is broken or lost is left as it is, and asked for again as any other.
--
-- needs: due_pms, broken_records, time, unreached

local machines, problems, left = {}, {}, 0
for _, pm in ipairs(due) do
  local key = P .. 'pm:' .. pm
  if #machines + #problems == tonumber(limit) then break end
  local problem = broken_pm(pm)
  if not problem and redis.call('HEXISTS', key, 'address') == 0 then problem = key .. ' has no address' end
  if not problem and worker ~= '' and is_left(pm, worker) then
    left = left + 1
  else
    local over = whole(now_ms + tonumber(deadline_ms))
    redis.call('ZADD', P .. 'discovery', over, pm)
    if problem then
      problems[#problems + 1] = problem
    else
      redis.call('HSET', key, 'looking_until', over)
      redis.call('HDEL', key, 'look_again')
      machines[#machines + 1] = redis.call('HGETALL', key)
    end
  end
end
-- Those that are left are due, and not for this worker.
local next_ms = left > 0 and #machines < tonumber(limit) and 1000 or until_next()
return {next_ms, machines, now_ms, problems}
