-- `count(name, floor)`: the next number of a kind, above `floor` where that is given.
--
-- `count_vm_and_job(vm_floor, job_floor)`: the next numbers of both as text, in one write where the last ones are known:
-- `note_counters(vm, job)` says what was read of them.
--
-- A counter that was lost (DEL, HDEL by hand) goes on above what the records still show. VMs and jobs of the highest
-- numbers may have left no record, so theirs skip 1,000 more. This costs nothing while the counter is there. What is of
-- another type shows nothing (pcall): the counter is written by then, and must get its floor.
--
-- needs: time
-- constants: largest_number

local function highest_shown(name)
  local highest = 0
  local function see(text)
    local n = tonumber(text or '')
    if n and n > highest and n <= largest_number then highest = n end
  end
  if name == 'fleet' or redis.pcall('HEXISTS', P .. 'counters', 'fleet') == 0 then
    if name == 'fleet' or name == 'room' or name == 'use' then
      see(redis.pcall('ZREVRANGE', P .. 'fleet', 0, 0, 'WITHSCORES')[2])
    end
  end
  if name ~= 'vm' and name ~= 'job' then return highest end
  for _, vm in ipairs(redis.pcall('ZREVRANGE', P .. 'vms', 0, 99)) do
    if name == 'vm' then see(vm) end
    if name == 'job' then
      for _, job in ipairs(redis.pcall('HMGET', P .. 'vm:' .. vm, 'job', 'create_job', 'destroy_job', 'start_job')) do
        see(job)
      end
    end
  end
  if name == 'job' then
    -- A number that has no record was written by hand, and may be any.
    local function see_record(job)
      if job and redis.pcall('EXISTS', P .. 'job:' .. job) == 1 then see(job) end
    end
    for _, list in ipairs({'queue', 'queue:direct'}) do
      for _, line in ipairs(redis.pcall('LRANGE', P .. list, 0, 99)) do see_record(string.match(line, '"job":(%d+)')) end
    end
    for _, line in ipairs(redis.pcall('ZREVRANGE', P .. 'queue:returned', 0, 99)) do
      see_record(string.match(line, '"job":(%d+)'))
    end
    for _, key in ipairs({'leases', 'delayed'}) do
      for _, job in ipairs(redis.pcall('ZREVRANGE', P .. key, 0, 999)) do see_record(job) end
    end
  end
  for _, event in ipairs(redis.pcall('XREVRANGE', P .. 'events', '+', '-', 'COUNT', 1000)) do
    for i = 1, #event[2], 2 do
      if event[2][i] == name then see(event[2][i + 1]) end
    end
  end
  return highest > 0 and highest + 1000 or 0
end
local function count(name, floor)
  local key = P .. 'counters'
  local n = redis.call('HINCRBY', key, name, '1')
  local least = tonumber(floor or '') or 0
  if n == 1 then
    least = math.max(least, highest_shown(name))
    if name == 'fleet' and least > 0 then
      redis.call('HSETNX', key, 'room', whole(least))
      redis.call('HSETNX', key, 'use', whole(least))
    end
  end
  if n <= least then n = redis.call('HINCRBY', key, name, whole(least + 1 - n)) end
  -- Nothing that stands under a number is overwritten, whatever the counter says.
  while (name == 'vm' or name == 'job')
    and redis.call('EXISTS', P .. name .. ':' .. whole(n), P .. name .. ':' .. whole(n) .. ':waiting') > 0 do
    n = redis.call('HINCRBY', key, name, 1)
  end
  return n
end
local last_vm, last_job = 0, 0
local function note_counters(vm, job) last_vm, last_job = tonumber(vm or 0), tonumber(job or 0) end
local function count_vm_and_job(vm_floor, job_floor)
  if last_vm > 0 and last_job > 0 then
    local vm = whole(math.max(last_vm, tonumber(vm_floor) or 0) + 1)
    local job = whole(math.max(last_job, tonumber(job_floor) or 0) + 1)
    if redis.call('EXISTS', P .. 'vm:' .. vm, P .. 'vm:' .. vm .. ':waiting', P .. 'job:' .. job) == 0 then
      redis.call('HSET', P .. 'counters', 'vm', vm, 'job', job)
      note_counters(vm, job)
      return vm, job
    end
  end
  -- What is lost or taken is made good, and read no more.
  note_counters()
  return whole(count('vm', vm_floor)), whole(count('job', job_floor))
end
