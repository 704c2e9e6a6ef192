-- The claim that a job holds itself, in addition to that of its VM: `job:<id>` on the PM that the field `claim_pm` of its
-- record names. On a second PM the VM's groups count it, so that nothing comes there against their rules meanwhile.
--
-- `broken_job_claim(job, vm, v)`: what is broken of what the end of such a claim writes; `v` is what `read_vm` answers.
--
-- `read_job_claim(job, op, vm, v)`: what is broken of it, the PM on which the job has it already, and its amount.
--
-- `release_job_claim(job, op, vm)`: gives it back.
--
-- `settle_job_claim(job, op, moment, vm, v)`: what the end of a job makes of it. Where the job is done, a second PM becomes
-- the VM's, and one that was resized needs by `delta` more from now on; else the claim is given back.
--
-- `move_job_claim(job, pm, real)`: has it on another PM, which stands for the same machine.
--
-- `amounts(text)`: the three numbers of `cpu,ram,disk`, which may be negative; nil where it is none. `growth(delta)`: what
-- is to be claimed for it; nil for nothing. `sum(needs, delta)`: what a VM needs with it; nil where it would have no CPU or no
-- memory. `resized(job, v)`: the same for the job's delta.
--
-- needs: broken_records, claims, events, fleet_version, groups, operations, probe_schedule, projects, time

local function amounts(text)
  local cpu, ram, disk = string.match(text or '', '^(%-?%d+),(%-?%d+),(%-?%d+)$')
  return cpu and {tonumber(cpu), tonumber(ram), tonumber(disk)}
end
local function growth(delta)
  local grows, is_any = {}, false
  for i = 1, 3 do
    grows[i] = whole(math.max(0, delta[i]))
    is_any = is_any or delta[i] > 0
  end
  return is_any and grows or nil
end
local function sum(needs, delta)
  local sums = {}
  for i = 1, 3 do sums[i] = tonumber(needs[i]) + delta[i] end
  if sums[1] < 1 or sums[2] < 1 or sums[3] < 0 then return nil end
  return {whole(sums[1]), whole(sums[2]), whole(sums[3])}
end
local function resized(job, v)
  return sum(v.needs, amounts(redis.call('HGET', P .. 'job:' .. job, 'delta')) or {0, 0, 0})
end
local function broken_job_claim(job, vm, v)
  local j = redis.call('HMGET', P .. 'job:' .. job, 'claim_pm', 'delta')
  if j[2] and not amounts(j[2]) then return P .. 'job:' .. job .. ' has a delta that is no amount' end
  return broken_pm(j[1], vm, v.groups) or broken_pm(v.pm, vm, v.groups) or wrong_kind('fleet', 'discovery', 'events')
    or broken_counters()
end
local function read_job_claim(job, op, vm, v)
  local key = P .. 'job:' .. job
  local problem = broken_job_claim(job, vm, v) or not v.pm and P .. 'vm:' .. vm .. ' has no pm'
  if problem or op.chooses_pm then return problem, redis.call('HGET', key, 'claim_pm'), v.needs end
  local delta = amounts(redis.call('HGET', key, 'delta'))
  if not delta then return key .. ' has no delta' end
  local grows = growth(delta)
  -- One that only shrinks claims nothing.
  return nil, redis.call('HGET', key, 'claim_pm') or not grows and v.pm, grows
end
local function release_job_claim(job, op, vm)
  local key = P .. 'job:' .. job
  local pm = redis.call('HGET', key, 'claim_pm')
  if not pm then return end
  redis.call('HDEL', key, 'claim_pm')
  if not release_capacity(pm, 'job:' .. job) then return end
  if op.chooses_pm and count_groups(vm, pm, -1) then touch(pm, true) else touch_claims(pm, true) end
end
local function move_vm(job, pm, vm, v)
  local key = P .. 'vm:' .. vm
  remove_claim(vm)
  redis.call('HSET', key, 'pm', pm, 'placed_at', now)
  redis.call('HDEL', key, 'also_on', 'also_on_at', 'duplicate')
  redis.call('HDEL', P .. 'job:' .. job, 'claim_pm')
  if release_capacity(pm, 'job:' .. job) then
    -- The groups count it there already.
    claim_capacity(pm, 'vm:' .. vm, v.needs[1], v.needs[2], v.needs[3])
    touch(pm, false)
  else
    add_claim(vm, pm)
  end
  probe_soon(pm)
  event('vm.moved', 'vm', vm, 'pm', pm, 'from', v.pm or '', 'state', v.state or '')
end
local function resize_vm(job, vm, v)
  local pm, needs, shrinks = redis.call('HGET', P .. 'job:' .. job, 'claim_pm'), resized(job, v) or v.needs, false
  for i = 1, 3 do shrinks = shrinks or tonumber(needs[i]) < tonumber(v.needs[i]) end
  charge(v.project, 0, {needs[1] - v.needs[1], needs[2] - v.needs[2], needs[3] - v.needs[3]})
  redis.call('HSET', P .. 'vm:' .. vm, 'cpu', needs[1], 'ram', needs[2], 'disk', needs[3])
  redis.call('HDEL', P .. 'job:' .. job, 'claim_pm')
  if pm then release_capacity(pm, 'job:' .. job) end
  if v.pm and release_capacity(v.pm, 'vm:' .. vm) then claim_capacity(v.pm, 'vm:' .. vm, needs[1], needs[2], needs[3]) end
  if pm and pm ~= v.pm then touch_claims(pm, true) end
  if v.pm then
    touch_claims(v.pm, shrinks)
    probe_soon(v.pm)
  end
  event('vm.resized', 'vm', vm, 'pm', v.pm or '', 'cpu', needs[1], 'ram', needs[2], 'disk', needs[3])
end
local function settle_job_claim(job, op, moment, vm, v)
  local pm = redis.call('HGET', P .. 'job:' .. job, 'claim_pm')
  release_reservation(job)
  if moment ~= 'done' or not v.id then return release_job_claim(job, op, vm) end
  if not op.chooses_pm then return resize_vm(job, vm, v) end
  -- Both are one machine, as turned out meanwhile.
  if pm == v.pm then return release_job_claim(job, op, vm) end
  if pm then move_vm(job, pm, vm, v) end
end
local function move_job_claim(job, pm, real)
  local j = redis.pcall('HMGET', P .. 'job:' .. job, 'claim_pm', 'vm', 'kind')
  if j.err or j[1] ~= pm or not j[2] or broken_vm(j[2]) or broken_pm(pm, j[2]) or broken_pm(real, j[2]) then return end
  local amount = amounts(redis.call('HGET', P .. 'pm:' .. pm .. ':claims', 'job:' .. job))
  if not amount or not release_capacity(pm, 'job:' .. job) then return end
  claim_capacity(real, 'job:' .. job, whole(amount[1]), whole(amount[2]), whole(amount[3]))
  redis.call('HSET', P .. 'job:' .. job, 'claim_pm', real)
  if (operation(j[3]) or {}).chooses_pm then
    count_groups(j[2], pm, -1)
    count_groups(j[2], real, 1)
  end
end
