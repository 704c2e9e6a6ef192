-- Reads the oldest entries that wait for room, of each thing that is asked for and was not considered as of a version of
-- headroom; takes out of the index what waits no more.
--
-- ARGV room  the version
-- ARGV most  how many entries at most; of that many different things at most, times 16, the oldest are sought
-- Returns: the entries, oldest first.
--
-- needs: broken_records, time

refuse(wrong_kind('queue:room', 'queue:room:asks', 'queue:room:index'))
local index, found, lines = P .. 'queue:room:index', {}, {}
for _, asked in ipairs(redis.call('ZRANGEBYSCORE', P .. 'queue:room:asks', '-inf', '(' .. room, 'LIMIT', 0, 16 * most)) do
  local words = redis.call('ZRANGEBYLEX', index, '[' .. asked .. '\n', '(' .. asked .. '\v', 'LIMIT', 0, most)
  if #words == 0 then redis.call('ZREM', P .. 'queue:room:asks', asked) end
  for _, word in ipairs(words) do found[#found + 1] = {tonumber(string.sub(word, -15)), word} end
end
table.sort(found, function(a, b) return a[1] < b[1] end)
for _, entry in ipairs(found) do
  if #lines == tonumber(most) then break end
  local job = whole(entry[1])
  local j = redis.pcall('HMGET', P .. 'job:' .. job, 'state', 'entry')
  if j[1] == 'delayed' and j[2] and redis.call('ZSCORE', P .. 'queue:room', job) then
    lines[#lines + 1] = j[2]
  else
    redis.call('ZREM', index, entry[2])
  end
end
return lines
