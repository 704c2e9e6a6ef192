-- Changes what stands on a simulated PM, where that still is as it was when it was read.
--
-- ARGV machine     the simulated PM's number
-- ARGV allocated   by how many bytes its volumes take more now, as the field `allocated` sums up
-- ARGV seen_count  how many fields were read
-- ARGV fields...   field, value for each of them, then field, value for each change; an empty value is a field that is
--   not there
-- Returns: 1, or 0 where somebody was faster; then nothing was changed.
--
-- needs: broken_records

local key = P .. 'simulated:' .. machine
local changes = fields + 2 * tonumber(seen_count)
for i = fields, changes - 1, 2 do
  if (redis.call('HGET', key, ARGV[i]) or '') ~= ARGV[i + 1] then return 0 end
end
refuse(allocated ~= '0' and not_whole('simulated:' .. machine, false, 'allocated'))
for i = changes, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', key, ARGV[i])
  else
    redis.call('HSET', key, ARGV[i], ARGV[i + 1])
  end
end
if allocated ~= '0' then redis.call('HINCRBY', key, 'allocated', allocated) end
return 1
