-- Corrects how many VMs a group has, and how many of them are on a PM; a group without VMs has no record.
--
-- By how much rather than to what, since VMs come and go while an audit counts.
--
-- ARGV group    its name
-- ARGV rule     its rule, or empty for the one that it has
-- ARGV members  how many more VMs it has
-- ARGV placed   how many more of them are on a PM
-- Returns: how many it has.
--
-- needs: broken_records, groups

local key = P .. 'group:' .. group
if not_whole('group:' .. group, false, 'members', 'placed') then redis.call('DEL', key) end
local count = redis.call('HINCRBY', key, 'members', members)
redis.call('HINCRBY', key, 'placed', placed)
if rule ~= '' then redis.call('HSET', key, 'rule', rule) end
if count <= 0 then redis.call('DEL', key) end
list_group(group, count > 0)
return math.max(0, count)
