-- The order of a VM's jobs: one is under way, and those that came to their turn meanwhile wait in `hvc:vm:<id>:waiting`, by
-- number. Where it ends the first of them is woken: it comes back to its queue, and `woken_job` of the VM names it.
--
-- `job_before(job, kind, vm, v)`: the job behind which another one of the VM waits; `v` is what `read_vm` answers.
--
-- `wait_behind(line, vm)`: puts an entry that was taken off its queue among those that wait.
--
-- `wake_waiting(vm, ended)`: wakes the next one, unless one that was woken before has not begun; `ended` is the job that ends
-- with this, if any.
--
-- needs: dead_list, operations, queue

local function state_of(job) return job and redis.pcall('HGET', P .. 'job:' .. job, 'state') end
local function comes_first(other, job)
  return other and other ~= job and tonumber(other) < tonumber(job) and state_of(other) == 'queued'
end
-- One that is deferred keeps no other waiting, but for the one that is to make the VM.
local function job_before(job, kind, vm, v)
  if v.job then return v.job ~= job and v.job end
  if v.state == 'queued' and v.create_job and v.create_job ~= job then
    -- One whose record is of another type is found out when its own turn comes.
    local state = state_of(v.create_job)
    if state == 'queued' or state == 'delayed' or state == 'waiting' then return v.create_job end
  end
  if comes_first(v.woken_job, job) then return v.woken_job end
  for _, field in ipairs(fields_of_other_queue(kind)) do
    local other = redis.call('HGET', P .. 'vm:' .. vm, field)
    if comes_first(other, job) then return other end
  end
end
local function wait_behind(line, vm)
  local list = P .. 'vm:' .. vm .. ':waiting'
  for _, other in ipairs(redis.call('LRANGE', list, 0, 99)) do
    if comes_before(line, other) then return redis.call('LINSERT', list, 'BEFORE', other, line) end
  end
  redis.call('RPUSH', list, line)
end
local function wake_waiting(vm, ended)
  local key = P .. 'vm:' .. vm
  local line = redis.call('LINDEX', key .. ':waiting', 0)
  if not line then return end
  local woken = redis.call('HGET', key, 'woken_job')
  if woken and woken ~= ended and state_of(woken) == 'queued' then return end
  redis.call('LPOP', key .. ':waiting')
  local job = job_in(line)
  if not job then
    add_dead(line, 'it is no entry')
    return wake_waiting(vm, ended)
  end
  redis.call('HSET', P .. 'job:' .. job, 'state', 'queued')
  -- Where the VM is gone, what waits behind it ends one after another.
  if redis.call('EXISTS', key) == 1 then redis.call('HSET', key, 'woken_job', job) end
  put_back(line, job)
end
