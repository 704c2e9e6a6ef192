-- Reads at one moment all records and places that an audit compares; changes nothing.
--
-- ARGV group_count  how many groups follow
-- ARGV vm_count     how many VMs follow those
-- ARGV names...     groups, then VMs, then jobs, that were there a moment ago
-- Returns: `{{HGETALL of a VM, …}, {{vm, {entry, …}}, …} that wait, {{HGETALL of a PM, members of its set, pm}, …},
--   {entry, …} of the queue, {{worker, {entry, …}, 1 where it lives}, …}, leases, delayed,
--   {{job, state, kind, vm, worker}, …}, {{group, rule, members, placed}, …}, holds,
--   VMs that have a record and are not in the index, {what is broken, …}}`; a job or a group without a record has empty
--   fields.
--
-- needs: broken_records, groups

local vms_at = names + tonumber(group_count)
local jobs_at = vms_at + tonumber(vm_count)
local unlisted, problems = {}, {}
local function is_broken(problem)
  if problem then problems[#problems + 1] = problem end
  return problem
end
local jobs, wanted, workers, named, groups = {}, {}, {}, {}, {}
local function want(job)
  if job and not wanted[job] then
    wanted[job] = true
    jobs[#jobs + 1] = job
  end
end
local function name(worker)
  if worker and worker ~= '' and not named[worker] then
    named[worker] = true
    workers[#workers + 1] = worker
  end
end
local function lines(key)
  if is_broken(wrong_kind(string.sub(key, #P + 1))) then return {} end
  local found = redis.call('LRANGE', key, 0, -1)
  for _, line in ipairs(found) do want(string.match(line, '"job":(%d+)')) end
  return found
end

local vms, waiting = {}, {}
local function read(vm)
  if not is_broken(wrong_kind('vm:' .. vm)) then
    vms[#vms + 1] = redis.call('HGETALL', P .. 'vm:' .. vm)
    local v = redis.call('HMGET', P .. 'vm:' .. vm, 'job', 'groups')
    want(v[1])
    for _, g in ipairs(groups_in(v[2])) do groups[g[1]] = true end
  end
  local behind = lines(P .. 'vm:' .. vm .. ':waiting')
  if #behind > 0 then waiting[#waiting + 1] = {vm, behind} end
end
for _, vm in ipairs(redis.call('ZRANGE', P .. 'vms', 0, -1)) do
  if redis.call('EXISTS', P .. 'vm:' .. vm) == 1 then
    read(vm)
  else
    is_broken(P .. 'vm:' .. vm .. ' is missing')
  end
end
for i = vms_at, jobs_at - 1 do
  local vm = ARGV[i]
  if redis.call('EXISTS', P .. 'vm:' .. vm) == 1 and not redis.call('ZSCORE', P .. 'vms', vm) then
    unlisted[#unlisted + 1] = vm
    read(vm)
  end
end
local machines = {}
for _, pm in ipairs(redis.call('HVALS', P .. 'pm:numbers')) do
  if not is_broken(wrong_kind('pm:' .. pm, 'pm:' .. pm .. ':vms')) then
    machines[#machines + 1] = {redis.call('HGETALL', P .. 'pm:' .. pm),
      redis.call('SMEMBERS', P .. 'pm:' .. pm .. ':vms'), pm}
  end
end
local queue = lines(P .. 'queue')
local leases, delayed = redis.call('ZRANGE', P .. 'leases', 0, -1), redis.call('ZRANGE', P .. 'delayed', 0, -1)
for i = names, vms_at - 1 do groups[ARGV[i]] = true end
for i = jobs_at, #ARGV do want(ARGV[i]) end
for _, job in ipairs(leases) do want(job) end
for _, job in ipairs(delayed) do want(job) end
for _, worker in ipairs(redis.call('ZRANGE', P .. 'workers', 0, -1)) do name(worker) end
for _, job in ipairs(jobs) do
  if not is_broken(wrong_kind('job:' .. job)) then name(redis.call('HGET', P .. 'job:' .. job, 'worker')) end
end
local held = {}
for i, worker in ipairs(workers) do
  held[i] = {worker, lines(P .. 'processing:' .. worker), redis.call('EXISTS', P .. 'worker:' .. worker)}
end
local rows = {}
for i, job in ipairs(jobs) do
  local j = wrong_kind('job:' .. job) and {} or redis.call('HMGET', P .. 'job:' .. job, 'state', 'kind', 'vm', 'worker')
  rows[i] = {job, j[1] or '', j[2] or '', j[3] or '', j[4] or ''}
end
local counts = {}
for group in pairs(groups) do
  local g = is_broken(wrong_kind('group:' .. group)) and {}
    or redis.call('HMGET', P .. 'group:' .. group, 'rule', 'members', 'placed')
  counts[#counts + 1] = {group, g[1] or '', g[2] or '', g[3] or ''}
end
return {vms, waiting, machines, queue, held, leases, delayed, rows, counts, redis.call('ZRANGE', P .. 'holds', 0, -1),
  unlisted, problems}
