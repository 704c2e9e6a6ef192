-- Settles what a note of another PM's domain comes to, now that the VM's own PM was seen to have one, too.
--
-- ARGV pm         the PM that was probed
-- ARGV probed_ms  when the probe began, ms
-- ARGV vm         the VM
-- ARGV uuid       its UUID
-- Returns: `duplicate` the first time that both were seen, `single` where the other PM was probed since and has
--   none, or is this one's alias, or empty.
--
-- needs: broken_records, events, time

local probed_at, key = iso(tonumber(probed_ms)), P .. 'vm:' .. vm
local v = redis.call('HMGET', key, 'uuid', 'pm', 'also_on', 'also_on_at', 'duplicate')
if v[1] ~= uuid or v[2] ~= pm or not v[3] then return '' end
local m = redis.call('HMGET', P .. 'pm:' .. v[3], 'inventory_at', 'alias_of')
local seen = m[1]
if m[2] == pm or seen and seen > v[4] then
  redis.call('HDEL', key, 'also_on', 'also_on_at', 'duplicate')
  return 'single'
end
if v[5] or probed_at < v[4] then return '' end
refuse(wrong_kind('events'))
redis.call('HSET', key, 'duplicate', 1)
event('vm.duplicate', 'vm', vm, 'pm', pm, 'other', v[3])
return 'duplicate'
