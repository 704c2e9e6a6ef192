-- Counts the VMs of a group anew, from their records; a group without any is known no longer.
--
-- ARGV group  the group
-- Returns: how many there are.
--
-- needs: groups

local rule, members, placed = nil, 0, 0
for _, vm in ipairs(redis.call('ZRANGE', P .. 'vms', 0, -1)) do
  local v = redis.call('HMGET', P .. 'vm:' .. vm, 'groups', 'pm')
  for _, g in ipairs(groups_in(v[1])) do
    if g[1] == group then
      rule, members, placed = rule or g[2], members + 1, placed + (v[2] and 1 or 0)
    end
  end
end
redis.call('DEL', P .. 'group:' .. group)
if members > 0 then
  redis.call('HSET', P .. 'group:' .. group, 'rule', rule, 'members', members, 'placed', placed)
end
return members
