-- Takes PMs that are due for a probe; until the deadline, no other worker takes them.
--
-- PMs that answered the last time, or were never probed, come first. Those that did not answer have a limit of their own,
-- so that their probes, which may last long, delay no others. A PM that this worker could not reach is left to the
-- others, as long as one of them has not tried it.
--
-- ARGV usual          how many at most of those that answered the last time or were never probed
-- ARGV down           how many at most of those that did not answer
-- ARGV limit          how many at most of both
-- ARGV deadline_ms    until another worker may take them
-- ARGV worker         who takes them; empty for anybody
-- ARGV usual_skipped  how many due entries of the first kind an earlier call left to others: this one goes on behind them
-- ARGV down_skipped   the same of the second kind
-- Returns: `{ms until there are more that this worker may take, or -1; 1 where more of the first kind are due than it may
--   take now; 1 where more of the second kind are; {{pm, epoch, version of its record, digest of its VMs, failures in a row,
--   measured_at or empty}, …}; the time now in ms; {what is broken, …}; usual_skipped and down_skipped for the next call}`; a
--   PM whose record is broken or lost is left as it is, and asked for again as any other.
--
-- needs: due_pms, broken_records, time, unreached, vms_digest

refuse(wrong_kind('discovery', 'discovery:down', 'fleet'))
local rows, problems, next_ms, vms_read = {}, {}, -1, 0
local over = whole(now_ms + tonumber(deadline_ms))

local function take_one(schedule, pm)
  local key, problem = P .. 'pm:' .. pm, broken_pm(pm)
  local f = not problem and redis.call('HMGET', key, 'address', 'measured_at', 'probe_failures') or {}
  if not problem and not f[1] then problem = key .. ' has no address' end
  if not problem and worker ~= '' and is_left(pm, worker) then return false end
  redis.call('ZADD', P .. schedule, over, pm)
  if problem then
    problems[#problems + 1] = problem
    return true
  end
  local failures, digest, vms = tonumber(f[3] or 0) or 0, vms_digest(pm)
  -- Somebody asked for a probe of a PM that does not answer.
  if schedule == 'discovery' and failures > 0 then redis.call('ZREM', P .. 'discovery:down', pm) end
  redis.call('HSET', key, 'looking_until', over)
  redis.call('HDEL', key, 'look_again')
  vms_read = vms_read + vms
  rows[#rows + 1] = {pm, over, redis.call('ZSCORE', P .. 'fleet', pm) or '0', digest, whole(failures), f[2] or ''}
  return true
end

local function note_next(ms)
  if next_ms < 0 or ms < next_ms then next_ms = ms end
end

-- Takes what is due of one kind, within bounds: Redis is not kept from others. Returns how many entries to skip next, and 1
-- where more are due than may be taken now.
local function take(schedule, most, skipped)
  local left, walked = tonumber(skipped), 0
  local free = math.min(tonumber(most), tonumber(limit) - #rows - #problems)
  while free > 0 do
    if walked >= 1024 or vms_read >= 2000 then
      note_next(0)
      return left, 0
    end
    local page = redis.call('ZRANGEBYSCORE', P .. schedule, '-inf', whole(now_ms), 'LIMIT', left, 64)
    if #page == 0 then break end
    for _, pm in ipairs(page) do
      walked = walked + 1
      if not take_one(schedule, pm) then left = left + 1 else free = free - 1 end
      if free == 0 then break end
    end
  end
  if free == 0 then
    return left, redis.call('ZCOUNT', P .. schedule, '-inf', whole(now_ms)) > left and 1 or 0
  end
  -- Those that were left are due, and not for this worker.
  if left > 0 then note_next(1000) end
  local first = first_due(schedule, '(' .. whole(now_ms))
  if first < math.huge then note_next(first - now_ms) end
  return 0, 0
end

local usual_left, has_more_usual = take('discovery', usual, usual_skipped)
local down_left, has_more_down = take('discovery:down', down, down_skipped)
return {next_ms, has_more_usual, has_more_down, rows, now_ms, problems, usual_left, down_left}
