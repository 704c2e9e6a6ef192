-- `place_vm(vm, v, pm)`: claims what a VM needs on a PM, where there is so much; else the PM's record gets the next
-- version, so that a planner that used outdated figures gets the present ones at its next poll. `v` is what `read_vm` answers.
--
-- needs: broken_records, counters, fleet_version, groups, headroom, time

-- A PM that cannot be claimed on takes no VMs until a probe can write its record again: else the same plan
-- would be made for ever.
local function set_aside(pm, problem)
  if wrong_kind('pm:' .. pm) then return touch_claims(pm, false) end
  redis.call('HSET', P .. 'pm:' .. pm, 'state', 'unknown', 'reason', problem)
  touch(pm, false)
end

-- Claims the VM's capacity on a PM; false where there is none.
local function place_vm(vm, v, pm)
  local key, fields = P .. 'pm:' .. pm, {'vms'}
  for _, g in ipairs(v.groups) do fields[#fields + 1] = 'group:' .. g[1] end
  local m = read_headroom(pm, unpack(fields))
  local problem = m.err and key .. ' must be a hash' or wrong_kind('pm:' .. pm .. ':claims')
  for i, at in ipairs({7, 14, 21}) do
    if not problem and m[at] and not is_whole(m[at]) then
      problem = key .. ' has a claimed_' .. ({'cpu', 'ram', 'disk'})[i] .. ' that is no whole number'
    end
  end
  for i, name in ipairs(fields) do
    local value = not problem and m[24 + i]
    if value and not is_whole(value) then problem = key .. ' has a ' .. name .. ' that is no whole number' end
  end
  if problem then
    set_aside(pm, problem)
    return false
  end
  local free = headroom_in(m)
  for i = 1, 3 do
    if not free or tonumber(v.needs[i]) > free[i] then
      touch(pm, false)
      return false
    end
  end
  for i, g in ipairs(v.groups) do
    local here = tonumber(m[25 + i] or 0)
    local all = g[2] == 'affinity' and here == 0 and tonumber(redis.call('HGET', P .. 'group:' .. g[1], 'placed') or 0)
    if g[2] == 'anti_affinity' and here > 0 or all and all > 0 then
      touch(pm, false)
      return false
    end
  end
  local use = whole(count('use'))
  -- A VM whose record was lost has its claim still.
  if redis.call('HSETNX', key .. ':claims', 'vm:' .. vm, table.concat(v.needs, ',')) == 0 then
    redis.call('HSET', key, 'last_used', use, 'last_used_at', now)
    touch(pm, false)
    return true
  end
  local function more(at, n) return whole(tonumber(m[at] or 0) + n) end
  redis.call('HSET', key, 'last_used', use, 'last_used_at', now, 'vms', more(25, 1), 'claimed_cpu',
    more(7, v.needs[1]), 'claimed_ram', more(14, v.needs[2]), 'claimed_disk', more(21, v.needs[3]))
  if #v.groups == 0 then
    touch_claims(pm, false)
  else
    count_groups(vm, pm, 1)
    touch(pm, false)
  end
  return true
end
