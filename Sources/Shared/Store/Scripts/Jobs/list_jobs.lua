-- Reads a page of jobs, the newest first.
--
-- Changes nothing. What a page costs does not grow with the number of jobs before it. Filters that no index answers are
-- held against records, of which a page reads so many at most: it may have fewer jobs than asked for, or none, and the
-- next one goes on from there.
--
-- ARGV prefix      the words of the index that are gone through begin so
-- ARGV before      jobs with lower numbers than this; empty for all
-- ARGV limit       how many jobs at most
-- ARGV scanned     how many records are read at most
-- ARGV filters...  field, value, … that a record must have
-- Returns: `{next, {job, HGETALL…}, …}`: `next` is what comes `before` the next page; empty where there is none.
--
-- when full: nothing is written
-- needs: broken_records

refuse(wrong_kind('jobs'))
local names, values = {}, {}
for i = filters, #ARGV, 2 do
  names[#names + 1], values[#values + 1] = ARGV[i], ARGV[i + 1]
end
local function fits(key)
  if #names == 0 then return redis.call('EXISTS', key) == 1 end
  local found = redis.call('HMGET', key, unpack(names))
  for i = 1, #names do
    if found[i] ~= values[i] then return false end
  end
  return true
end
local found, seen, last = {''}, 0, before ~= '' and before
repeat
  -- A colon comes after all digits.
  local from = '(' .. prefix .. (last and string.format('%015d', last) or ':')
  local size = math.min(200, scanned - seen)
  local words = redis.call('ZREVRANGEBYLEX', P .. 'jobs', from, '[' .. prefix, 'LIMIT', 0, size)
  for _, word in ipairs(words) do
    last, seen = string.format('%.0f', tonumber(string.match(word, '(%d+)$'))), seen + 1
    local key = P .. 'job:' .. last
    refuse(wrong_kind('job:' .. last))
    if fits(key) then found[#found + 1] = {last, redis.call('HGETALL', key)} end
    if #found > tonumber(limit) then break end
  end
  local is_full = #found > tonumber(limit) or seen >= tonumber(scanned)
  local rest = is_full and '(' .. prefix .. string.format('%015d', last)
  if rest and redis.call('ZREVRANGEBYLEX', P .. 'jobs', rest, '[' .. prefix, 'LIMIT', 0, 1)[1] then found[1] = last end
until is_full or #words < size
return found
