-- `place_vm(vm, v, pm)`: claims what a VM needs on a PM, where there is so much; else the PM's record gets the next
-- version, so that a planner that used outdated figures gets the present ones at its next poll. `v` is what `read_vm`
-- answers.
--
-- `place_job(job, op, needs, vm, v, pm)`: the same for a claim that the VM's job holds itself, whose PM its record names.
--
-- needs: broken_records, counters, fleet_version, groups, headroom, time

-- A PM that cannot be claimed on takes no VMs until a probe can write its record again: else the same plan
-- would be made for ever.
local function set_aside(pm, problem)
  if wrong_kind('pm:' .. pm) then return touch_claims(pm, false) end
  redis.call('HSET', P .. 'pm:' .. pm, 'state', 'unknown', 'reason', problem)
  touch(pm, false)
end

-- Whether the rules of a VM's groups allow it on the PM of which `counts` has the groups' VMs; the VM is one of those that
-- are placed elsewhere already where it is to get a second PM.
local function groups_allow(groups, counts, is_placed)
  for i, g in ipairs(groups) do
    local here = tonumber(counts[i] or 0)
    local all = g[2] == 'affinity' and here == 0 and tonumber(redis.call('HGET', P .. 'group:' .. g[1], 'placed') or 0)
    if g[2] == 'anti_affinity' and here > 0 or all and all > (is_placed and 1 or 0) then return false end
  end
  return true
end

-- Claims an amount on a PM for a consumer; false where there is not so much.
local function claim_where_it_fits(pm, consumer, needs, vm, groups, is_placed)
  local key, number = P .. 'pm:' .. pm, string.find(consumer, '^vm:') and 'vms' or 'job_claims'
  local fields = {number}
  for _, g in ipairs(groups) do fields[#fields + 1] = 'group:' .. g[1] end
  local m = read_headroom(pm, unpack(fields))
  local problem = m.err and key .. ' must be a hash'
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
  local headroom = headroom_in(m)
  for i = 1, 3 do
    if not headroom or tonumber(needs[i]) > headroom[i] then
      touch(pm, false)
      return false
    end
  end
  if #groups > 0 and not groups_allow(groups, {unpack(m, 26, 25 + #groups)}, is_placed) then
    touch(pm, false)
    return false
  end
  -- As its first write it may fail itself, where the key is of another type.
  local claimed = redis.pcall('HSETNX', key .. ':claims', consumer, table.concat(needs, ','))
  if type(claimed) == 'table' then
    set_aside(pm, wrong_kind('pm:' .. pm .. ':claims') or claimed.err)
    return false
  end
  local use = whole(count('use'))
  -- A consumer whose record was lost has its claim still.
  if claimed == 0 then
    redis.call('HSET', key, 'last_used', use, 'last_used_at', now)
    touch(pm, false)
    return true
  end
  local function more(at, n) return whole(tonumber(m[at] or 0) + n) end
  redis.call('HSET', key, 'last_used', use, 'last_used_at', now, number, more(25, 1), 'claimed_cpu',
    more(7, needs[1]), 'claimed_ram', more(14, needs[2]), 'claimed_disk', more(21, needs[3]))
  if #groups == 0 then
    touch_claims(pm, false)
  else
    count_groups(vm, pm, 1)
    touch(pm, false)
  end
  return true
end
local function place_vm(vm, v, pm) return claim_where_it_fits(pm, 'vm:' .. vm, v.needs, vm, v.groups, false) end
local function place_job(job, op, needs, vm, v, pm)
  -- On the VM's own PM its groups count it already.
  if not claim_where_it_fits(pm, 'job:' .. job, needs, vm, op.chooses_pm and v.groups or {}, true) then return false end
  redis.call('HSET', P .. 'job:' .. job, 'claim_pm', pm)
  return true
end
