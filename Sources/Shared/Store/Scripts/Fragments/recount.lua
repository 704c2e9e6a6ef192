-- `recount(pm)`: makes the sums of a PM those of its claims, and each claim what its VM needs.
--
-- A claim goes where its VM is on no PM or on another one, or is not known, and where its job has ended or claims elsewhere. A VM whose
-- record is broken, or lost while `hvc:vms` lists it, keeps its claim as it is, since its guest may run. The cost is that
-- of the PM's claims.
--
-- `check_claims(pm)`: recounts where there are more claims than the PM's record says, and lists the VMs of the claims in
-- `hvc:vms` where one of them is not; three calls where all is well. True where claims were lost: then the sums stay, and
-- the claims are to be made anew from the VMs' records, which `claim_unclaimed` does a page at a time.
--
-- needs: events, fleet_version, groups, operations, time

-- The claim that a VM of the PM is to have as `{cpu, ram, disk}`, and its groups; `{}` for what it has; nil for none.
local function claim_of_vm(vm, pm)
  local v = redis.pcall('HMGET', P .. 'vm:' .. vm, 'id', 'pm', 'cpu', 'ram', 'disk', 'groups', 'state')
  if v.err then return {}, {} end
  if not v[1] and not v[2] then return redis.call('ZSCORE', P .. 'vms', vm) and {} or nil, {} end
  if v[2] and v[2] ~= pm or not v[2] and v[7] == 'queued' then return nil end
  for i = 3, 5 do
    if not v[2] or not v[i] or not string.find(v[i], '^%d+$') or #v[i] > 15 then return {}, groups_in(v[6]) end
  end
  return {v[3], v[4], v[5]}, groups_in(v[6])
end
-- The same of a job that holds one itself, whose record names the PM.
local function claim_of_job(job, pm)
  local j = redis.pcall('HMGET', P .. 'job:' .. job, 'state', 'claim_pm', 'vm', 'kind')
  if j.err then return {}, {} end
  if not j[1] or j[1] == 'done' or j[1] == 'failed' or j[1] == 'dead' or j[2] ~= pm then return nil end
  local groups = (operation(j[4]) or {}).chooses_pm and j[3] and redis.pcall('HGET', P .. 'vm:' .. j[3], 'groups')
  return {}, groups_in(type(groups) == 'string' and groups or '')
end
local function recount(pm)
  local key = P .. 'pm:' .. pm
  local claims = redis.call('HGETALL', key .. ':claims')
  local sum, number, groups = {0, 0, 0}, {vm = 0, job = 0}, {}
  for i = 1, #claims, 2 do
    local kind, id = string.match(claims[i], '^(%a+):(%d+)$')
    local amount, of_groups
    if kind == 'vm' then amount, of_groups = claim_of_vm(id, pm) end
    if kind == 'job' then amount, of_groups = claim_of_job(id, pm) end
    if amount and not amount[1] then amount = {string.match(claims[i + 1], '^(%d+),(%d+),(%d+)$')} end
    if not amount then
      redis.call('HDEL', key .. ':claims', claims[i])
    elseif amount[1] then
      local text = table.concat(amount, ',')
      if text ~= claims[i + 1] then redis.call('HSET', key .. ':claims', claims[i], text) end
      for at = 1, 3 do sum[at] = sum[at] + tonumber(amount[at]) end
    end
    if amount then number[kind] = number[kind] + 1 end
    if amount and kind == 'vm' and redis.call('EXISTS', P .. 'vm:' .. id) == 1 then redis.call('ZADD', P .. 'vms', id, id) end
    for _, g in ipairs(of_groups or {}) do groups[g[1]] = (groups[g[1]] or 0) + 1 end
  end
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.match(field, '^group:') then redis.call('HDEL', key, field) end
  end
  for name, n in pairs(groups) do redis.call('HSET', key, 'group:' .. name, n) end
  redis.call('HSET', key, 'vms', number.vm, 'claimed_cpu', whole(sum[1]), 'claimed_ram', whole(sum[2]),
    'claimed_disk', whole(sum[3]))
  if number.job > 0 then redis.call('HSET', key, 'job_claims', number.job) else redis.call('HDEL', key, 'job_claims') end
  touch(pm, true)
  event('pm.recounted', 'pm', pm)
end
local function check_claims(pm)
  local key = P .. 'pm:' .. pm
  local known = redis.call('HMGET', key, 'vms', 'job_claims')
  local expected, found = tonumber(known[1] or 0) + tonumber(known[2] or 0), redis.call('HLEN', key .. ':claims')
  if found < expected then return true end
  if found > expected then return recount(pm) end
  local consumer = found > 0 and redis.call('HRANDFIELD', key .. ':claims')
  local vm = consumer and string.match(consumer, '^vm:(%d+)$')
  if not vm or redis.call('ZSCORE', P .. 'vms', vm) then return end
  for _, other in ipairs(redis.call('HKEYS', key .. ':claims')) do
    vm = string.match(other, '^vm:(%d+)$')
    if vm and redis.call('EXISTS', P .. 'vm:' .. vm) == 1 then redis.call('ZADD', P .. 'vms', vm, vm) end
  end
end
