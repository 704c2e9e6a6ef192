-- `groups_in(text)`: the groups of a VM with their rules; `count_groups(vm, pm, n)`: the PM has `n` more of each, and
-- the answer is whether there are any.
--
-- `join_groups(vm)` and `leave_groups(vm)`: a group is known, and has its rule, as long as it has VMs.
--
-- `list_group(name, is_known)`: has `hvc:groups` list a group, or no longer. Lists alone depend on that, so a key of another
-- type stops nothing (pcall).

local function groups_in(text)
  local found = {}
  for name, rule in string.gmatch(text or '', '([^,=]+)=([^,=]+)') do found[#found + 1] = {name, rule} end
  return found
end
local function groups_of(vm) return groups_in(redis.call('HGET', P .. 'vm:' .. vm, 'groups')) end
local function count_groups(vm, pm, n)
  local found = groups_of(vm)
  for _, g in ipairs(found) do
    local field = 'group:' .. g[1]
    if redis.call('HINCRBY', P .. 'pm:' .. pm, field, n) <= 0 then redis.call('HDEL', P .. 'pm:' .. pm, field) end
    redis.call('HINCRBY', P .. 'group:' .. g[1], 'placed', n)
  end
  return #found > 0
end
local function list_group(name, is_known)
  if is_known then redis.pcall('ZADD', P .. 'groups', 0, name) else redis.pcall('ZREM', P .. 'groups', name) end
end
local function join_groups(vm)
  for _, g in ipairs(groups_of(vm)) do
    redis.call('HSETNX', P .. 'group:' .. g[1], 'rule', g[2])
    redis.call('HINCRBY', P .. 'group:' .. g[1], 'members', 1)
    list_group(g[1], true)
  end
end
local function leave_groups(vm)
  for _, g in ipairs(groups_of(vm)) do
    local key = P .. 'group:' .. g[1]
    if redis.call('HINCRBY', key, 'members', -1) <= 0 then
      redis.call('DEL', key)
      list_group(g[1], false)
    end
  end
end
