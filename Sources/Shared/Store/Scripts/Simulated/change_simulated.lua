-- Changes what stands on a simulated PM, where that still is as it was when it was read.
--
-- ARGV machine     the simulated PM's number
-- ARGV allocated   by how many bytes its volumes take more now, as the field `allocated` sums up
-- ARGV seen_count  how many fields were read
-- ARGV fields...   field, value for each of them, then field, value for each change; an empty value is a field that is
--   not there
-- Returns: 1, or 0 where somebody was faster; then nothing was changed.
--
-- needs: broken_records, time

local key = P .. 'simulated:' .. machine
local changes = fields + 2 * tonumber(seen_count)
local names = {}
for i = fields, changes - 1, 2 do names[#names + 1] = ARGV[i] end
local present = redis.pcall('HMGET', key, 'allocated', unpack(names))
refuse(present.err and key .. ' must be a hash')
for i = 1, #names do
  if (present[i + 1] or '') ~= ARGV[fields + 2 * i - 1] then return 0 end
end
local sum, writes_sum, written, removed = present[1] or '0', allocated ~= '0', {}, {}
for i = changes, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    removed[#removed + 1] = ARGV[i]
  elseif ARGV[i] == 'allocated' then
    sum, writes_sum = ARGV[i + 1], true
  else
    written[#written + 1], written[#written + 2] = ARGV[i], ARGV[i + 1]
  end
end
refuse(writes_sum and not is_whole(sum) and key .. ' has a allocated that is no whole number')
if writes_sum then
  written[#written + 1], written[#written + 2] = 'allocated', whole(tonumber(sum) + tonumber(allocated))
end
if #removed > 0 then redis.call('HDEL', key, unpack(removed)) end
if #written > 0 then redis.call('HSET', key, unpack(written)) end
return 1
