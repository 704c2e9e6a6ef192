-- `probe_soon(pm)`: has the PM looked at now, or, where a look is under way, again when that has ended.
--
-- needs: time

local function probe_soon(pm)
  if not redis.call('ZSCORE', P .. 'discovery', pm) then return end
  if (tonumber(redis.call('HGET', P .. 'pm:' .. pm, 'looking_until') or 0) or 0) > now_ms then
    redis.call('HSET', P .. 'pm:' .. pm, 'look_again', 1)
  else
    redis.call('ZADD', P .. 'discovery', 'LT', whole(now_ms), pm)
  end
end
