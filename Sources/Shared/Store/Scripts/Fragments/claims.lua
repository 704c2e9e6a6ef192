-- `claim_capacity(pm, consumer, cpu, ram, disk)`: the consumer, `vm:<id>` or `job:<id>`, holds so much on the PM from now
-- on, whether there is any or not; false where it has a claim there already, which stays as it is.
--
-- `release_capacity(pm, consumer)`: gives back what the claim says, whatever its consumer needs by now; false where it has
-- none there.
--
-- `add_claim(vm, pm)`, `remove_claim(vm)`: the same for a VM and its groups.
--
-- needs: fleet_version, groups, probe_schedule

local function change_sums(pm, consumer, sign, cpu, ram, disk)
  local key = P .. 'pm:' .. pm
  -- Of nothing the negative is -0, which Redis takes for no number; with 0 added it is 0.
  redis.call('HINCRBY', key, 'claimed_cpu', sign * cpu + 0)
  redis.call('HINCRBY', key, 'claimed_ram', sign * ram + 0)
  redis.call('HINCRBY', key, 'claimed_disk', sign * disk + 0)
  redis.call('HINCRBY', key, string.find(consumer, '^vm:') and 'vms' or 'job_claims', sign)
end
local function claim_capacity(pm, consumer, cpu, ram, disk)
  if redis.call('HSETNX', P .. 'pm:' .. pm .. ':claims', consumer, cpu .. ',' .. ram .. ',' .. disk) == 0 then return false end
  change_sums(pm, consumer, 1, cpu, ram, disk)
  return true
end
local function release_capacity(pm, consumer)
  local key = P .. 'pm:' .. pm .. ':claims'
  local cpu, ram, disk = string.match(redis.call('HGET', key, consumer) or '', '^(%d+),(%d+),(%d+)$')
  if not cpu then return false end
  redis.call('HDEL', key, consumer)
  change_sums(pm, consumer, -1, cpu, ram, disk)
  return true
end
local function add_claim(vm, pm)
  local v = redis.call('HMGET', P .. 'vm:' .. vm, 'cpu', 'ram', 'disk')
  -- A VM whose record was lost has its claim still.
  if not claim_capacity(pm, 'vm:' .. vm, v[1], v[2], v[3]) then return touch(pm, false) end
  if count_groups(vm, pm, 1) then touch(pm, false) else touch_claims(pm, false) end
end
local function remove_claim(vm)
  local pm = redis.call('HGET', P .. 'vm:' .. vm, 'pm')
  if not pm or not release_capacity(pm, 'vm:' .. vm) then return end
  if count_groups(vm, pm, -1) then touch(pm, true) else touch_claims(pm, true) end
  -- What it used is free now: measure again soon rather than at the end of the period.
  probe_soon(pm)
end
