-- Ends the script where nothing is due, as most often: before the fragments that only probes need.
--
-- uses: limit
-- needs: time

-- Some more than are wanted, where some of them are others' to probe.
local due = redis.call('ZRANGEBYSCORE', P .. 'discovery', '-inf', whole(now_ms), 'LIMIT', 0, limit + 256)
local function until_next()
  local first = redis.call('ZRANGE', P .. 'discovery', 0, 0, 'WITHSCORES')
  return first[2] and math.max(0, tonumber(first[2]) - now_ms) or -1
end
if #due == 0 then return {until_next(), {}, now_ms, {}} end
