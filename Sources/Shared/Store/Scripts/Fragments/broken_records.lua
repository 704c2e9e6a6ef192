-- Finds what would make a script fail midway: Redis does not take back what a failed script wrote before.
--
-- Each check returns nil, or what is broken in words that begin with the key:
--
-- - `wrong_kind(key, …)`: keys (without the prefix) whose value is of another type than this project writes.
-- - `broken_counters()`, `broken_job(job)`, `broken_vm(vm)`, `broken_pm(pm, vm, groups)`: records with fields that are
--   computed with and are no whole numbers; a VM with its groups and the first job that waits behind it; a PM with what
--   it counts of the VM's groups, which are read where they are not given.
-- - `broken_numbers(key, values, is_needed, name, …)`, `broken_counts(values)`: the same of a record and of the counters of which
--   the fields were read already, in this order.
-- - `lacks(key, values, name, …)`: which of the fields that were read is not there; an empty name for one that may lack.
-- - `broken_waiting(vm)`: of a VM, the first job that waits behind it alone, whose entry is the second answer.
--
-- `read_vm(vm)`: what scripts decide on as `{id, needs, groups, pm, state, job, before, create_job, project, labels,
-- woken_job}`, or nil and what is broken, in one read.
--
-- `refuse(problem)` ends the script with an error that names the key, before its first write.
--
-- needs: groups

-- By its first letter, which costs less than patterns: this is asked for each key of each script.
local function kind_of(key)
  if not string.find(key, ':', 1, true) then
    if key == 'queue' or key == 'dead' then return 'list' end
    if key == 'events' or key == 'refusals' or key == 'audit' then return 'stream' end
    return (key == 'counters' or key == 'networks' or key == 'policy' or key == 'identities') and 'hash' or 'zset'
  end
  local first = string.sub(key, 1, 1)
  if first == 'c' then
    if string.sub(key, 1, 14) == 'console:bytes:' then return 'stream' end
    return string.sub(key, 1, 15) == 'console:writer:' and 'hash' or 'list'
  end
  if first == 'j' then return key == 'jobs:ended' and 'list' or 'hash' end
  if first == 'p' then
    if string.sub(key, 1, 11) == 'processing:' then return 'list' end
    return string.sub(key, -8) == ':delayed' and 'set' or 'hash'
  end
  if first == 'v' then
    if key == 'vms:index' then return 'zset' end
    return string.sub(key, -8) == ':waiting' and 'list' or 'hash'
  end
  if first == 'b' or first == 'w' then
    local is_index = string.sub(key, 1, 8) == 'batches:' or string.sub(key, 1, 9) == 'webhooks:'
    return is_index and 'zset' or 'hash'
  end
  if key == 'queue:direct' or key == 'audit:seals' then return 'list' end
  if key == 'queue:returned' or key == 'discovery:down' then return 'zset' end
  local is_sorted = string.sub(key, 1, 15) == 'queue:deferred:' or string.sub(key, 1, 10) == 'queue:room'
  return is_sorted and 'zset' or 'hash'
end
local function wrong_kind(...)
  for i = 1, select('#', ...) do
    local key = select(i, ...)
    local found = redis.call('TYPE', P .. key).ok
    if found ~= 'none' and found ~= kind_of(key) then
      return P .. key .. ' is a ' .. found .. ' and must be a ' .. kind_of(key)
    end
  end
end
local function is_whole(value) return string.match(value, '^%-?%d+$') and #value < 16 end
local function broken_numbers(key, values, is_needed, ...)
  for i = 1, select('#', ...) do
    local value = values[i]
    if not value and is_needed or value and not is_whole(value) then
      local name = select(i, ...)
      return P .. key .. (value and ' has a ' .. name .. ' that is no whole number' or ' has no ' .. name)
    end
  end
end
local function not_whole(key, is_needed, ...)
  local values = redis.pcall('HMGET', P .. key, ...)
  if values.err then return P .. key .. ' must be a hash' end
  return broken_numbers(key, values, is_needed, ...)
end
local function lacks(key, values, ...)
  for i = 1, select('#', ...) do
    local name = select(i, ...)
    if name ~= '' and not values[i] then return P .. key .. ' has no ' .. name end
  end
end
local function broken_counts(values) return broken_numbers('counters', values, false, 'vm', 'job', 'fleet', 'room', 'use') end
local function broken_counters()
  local values = redis.pcall('HMGET', P .. 'counters', 'vm', 'job', 'fleet', 'room', 'use')
  return values.err and P .. 'counters must be a hash' or broken_counts(values)
end
local function broken_job(job)
  return not_whole('job:' .. job, false, 'epoch', 'attempts', 'tries', 'crashes')
end
local function read_vm(vm)
  local v = redis.pcall('HMGET', P .. 'vm:' .. vm, 'id', 'cpu', 'ram', 'disk', 'groups', 'pm', 'state', 'job',
    'state_before', 'create_job', 'project', 'labels', 'woken_job')
  if v.err then return nil, P .. 'vm:' .. vm .. ' must be a hash' end
  for i, name in ipairs(v[1] and {'cpu', 'ram', 'disk'} or {}) do
    local value = v[i + 1]
    if not value then return nil, P .. 'vm:' .. vm .. ' has no ' .. name end
    if not is_whole(value) then return nil, P .. 'vm:' .. vm .. ' has a ' .. name .. ' that is no whole number' end
  end
  local groups = groups_in(v[5])
  for _, g in ipairs(groups) do
    local problem = not_whole('group:' .. g[1], false, 'members', 'placed')
    if problem then return nil, problem end
  end
  return {id = v[1], needs = {v[2], v[3], v[4]}, groups = groups, pm = v[6], state = v[7], job = v[8],
    before = v[9], create_job = v[10], project = v[11] or 'default', labels = v[12], woken_job = v[13]}
end
local function broken_waiting(vm)
  local line = redis.pcall('LINDEX', P .. 'vm:' .. vm .. ':waiting', 0)
  if type(line) == 'table' then return P .. 'vm:' .. vm .. ':waiting must be a list' end
  local job = line and string.match(line, '"job":(%d+)')
  return job and wrong_kind('job:' .. job) or nil, line
end
local function broken_vm(vm)
  local _, problem = read_vm(vm)
  return problem or (broken_waiting(vm))
end
local function broken_pm(pm, vm, groups)
  if not pm or pm == '' then return nil end
  local key = 'pm:' .. pm
  local problem = not_whole(key, false, 'claimed_cpu', 'claimed_ram', 'claimed_disk', 'vms', 'job_claims',
    'failures', 'looking_until') or wrong_kind(key .. ':claims', key .. ':delayed')
  for _, g in ipairs(vm and not problem and (groups or groups_of(vm)) or {}) do
    problem = problem or not_whole(key, false, 'group:' .. g[1])
  end
  return problem
end
local function refuse(problem)
  if problem then error('MALFORMED ' .. problem, 0) end
end
