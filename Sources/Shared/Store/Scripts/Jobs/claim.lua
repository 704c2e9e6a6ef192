-- Takes the oldest entries off the queue as planned: strictly in order, each with its room, or not at all.
--
-- The longest good prefix of the plan is taken; the worker then looks again and plans anew.
--
-- ARGV worker        who takes them
-- ARGV lease_ms      how long they are the worker's without renewal
-- ARGV room_version  of the poll that the plan follows from
-- ARGV retention     how long records of ended jobs are kept, `SECONDS:COUNT`
-- ARGV plan...       for each entry nine: the entry, action, job, vm, pm, decision, code, message, cause. Actions:
--   `place` (claims headroom on `pm`; where the operation has no steps, the job ends with that), `run`, `refuse` (with code, message, cause), `dead` (with
--   the message)
-- Returns: `{stop, {result, …}}`. `stop` is `ok`, `moved` (the queue's end is another entry), `full` (the PM has
--   no room any more) or `stale` (room was freed since the plan that refuses). A result is
--   `{'started', epoch, pm}`, `{'waiting'}` (behind another job of its VM), `{'ended'}` or `{'dead'}`.
--
-- needs: broken_records, counters, dead_letter, events, fleet_version, groups, headroom, job_end, operations, time
-- needs: versions_known, vm_outcome, vm_state, waiting_jobs

local results = {}

refuse(wrong_kind('workers', 'queue', 'processing:' .. worker, 'leases', 'events', 'fleet') or broken_counters())
-- What ends an entry writes to more keys; looked at once, and only where there is one.
local ends = {}
local function broken_ends()
  if not ends.known then
    ends.known = true
    ends.problem = wrong_kind('dead', 'discovery', 'vms', 'tombstones', 'holds', 'jobs:ended')
  end
  -- Nothing is written where it is the first entry; else it is the next claim's first.
  if #results == 0 then refuse(ends.problem) end
  return ends.problem
end

-- An entry whose job cannot be told, or has no record.
local function discard(line, reason)
  redis.call('RPOP', P .. 'queue')
  redis.call('LPUSH', P .. 'dead', cjson.encode({entry = line, reason = reason, at = now}))
  event('job.dead', 'reason', reason)
  return {'dead'}
end

local function give_up(line, job, kind, vm, problem)
  redis.call('RPOP', P .. 'queue')
  dead_letter(line, job, kind, vm, problem, 'malformed_record', 'job ' .. job .. ' was given up, since a record is broken: '
    .. 'hvc-worker audit finds what else is', retention)
  return {'dead'}
end

-- A PM that cannot be claimed on takes no VMs until a probe can write its record again: else the same plan
-- would be made for ever.
local function set_aside(pm, problem)
  if wrong_kind('pm:' .. pm) then return touch_claims(pm, false) end
  redis.call('HSET', P .. 'pm:' .. pm, 'state', 'unknown', 'reason', problem)
  touch(pm, false)
end

-- Claims the VM's capacity on a PM; false where there is none.
local function take_room(vm, v, pm)
  local key, fields = P .. 'pm:' .. pm, {'vms'}
  for _, g in ipairs(v.groups) do fields[#fields + 1] = 'group:' .. g[1] end
  local m = read_room(pm, unpack(fields))
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
  local free = room_in(m)
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

local function start(job, j, vm, v, pm, state, decision)
  redis.call('RPOPLPUSH', P .. 'queue', P .. 'processing:' .. worker)
  local kind, at = j[1], pm or ''
  local epoch = tonumber(j[3] or 0) + 1
  local fields = {'state', 'running', 'worker', worker, 'started_at', now, 'pm', at, 'epoch', whole(epoch), 'attempts',
    whole(tonumber(j[4] or 0) + 1)}
  if decision then fields[13], fields[14] = 'decision', decision end
  redis.call('HSET', P .. 'job:' .. job, unpack(fields))
  redis.call('ZADD', P .. 'leases', whole(now_ms + tonumber(lease_ms)), job)
  fields = {'job', job}
  if decision then fields = {'job', job, 'pm', pm, 'placed_at', now} end
  if v.state ~= state then fields[#fields + 1], fields[#fields + 2] = 'state_before', v.state end
  set_state(vm, v.state, state, unpack(fields))
  event('job.started', 'job', job, 'kind', kind, 'vm', vm, 'pm', at, 'worker', worker)
  return {'started', epoch, at}
end

-- Ends a job for which there is nothing to do on a PM; what it makes of its VM may last for a time.
local function complete(job, op, kind, vm, v, pm, lasts_s, decision)
  redis.call('RPOP', P .. 'queue')
  local fields = {}
  if decision then fields = {'pm', pm, 'placed_at', now} end
  if lasts_s then
    local ends_at = now_ms + tonumber(lasts_s) * 1000
    fields[#fields + 1], fields[#fields + 2] = 'held_until', iso(ends_at)
    redis.call('ZADD', P .. 'holds', whole(ends_at), vm)
  end
  local stays = settle_vm(op, kind, 'done', vm, v, '', unpack(fields))
  redis.call('HSET', P .. 'job:' .. job, 'pm', pm or '')
  if decision then redis.call('HSET', P .. 'job:' .. job, 'decision', decision) end
  end_job(job, 'done', '', '', '', retention)
  if stays then wake_waiting(vm) end
  return {'ended'}
end

local function reject(job, j, op, vm, v, decision, code, message, cause)
  local _, present = versions()
  if present ~= room_version then return nil, 'stale' end
  redis.call('RPOP', P .. 'queue')
  redis.call('HSET', P .. 'job:' .. job, 'decision', decision)
  if j[5] then
    -- The PMs that failed it say more than that no other takes it.
    code, message, cause = j[5], j[6], (j[7] == '' and '' or j[7] .. '; ') .. 'then: ' .. message .. '; ' .. cause
  end
  if settle_vm(op, j[1], 'failed', vm, v, message) then wake_waiting(vm) end
  end_job(job, 'failed', code, message, cause, retention)
  return {'ended'}
end

local function no_record(job, op, vm)
  redis.call('RPOP', P .. 'queue')
  if op.claim == 'place' then
    end_job(job, 'failed', 'unknown_vm', 'VM ' .. vm .. ' has no record any more, and was not made', '', retention)
  else
    end_job(job, 'done', '', 'the VM was gone already', '', retention)
  end
  wake_waiting(vm)
  return {'ended'}
end

local function take(line, action, job, vm, pm, decision, code, message, cause)
  local key = P .. 'job:' .. job
  local j = action ~= 'dead' and redis.pcall('HMGET', key, 'kind', 'entry', 'epoch', 'attempts', 'last_code', 'last_error',
    'last_cause')
  local problem = action == 'dead' and message or j.err and key .. ' must be a hash'
    or j[3] and not is_whole(j[3]) and key .. ' has a epoch that is no whole number'
    or j[4] and not is_whole(j[4]) and key .. ' has a attempts that is no whole number'
    or not j[1] and 'no record of job ' .. job
    -- What was planned is what the entry says, and what is done is what the record says.
    or j[2] ~= line and 'the record of job ' .. job .. ' has another entry'
  local op = not problem and operation(j[1])
  if not problem and not op then problem = 'no operation is called ' .. j[1] end
  if problem then
    if broken_ends() then return nil, 'moved' end
    return discard(line, problem)
  end
  local kind, v = j[1]
  v, problem = read_vm(vm)
  local lasts_s = op.expiry_field and redis.call('HGET', key, op.expiry_field)
  if op.expiry_field and not (lasts_s and is_whole(lasts_s)) then
    problem = problem or key .. ' has no ' .. op.expiry_field
  end
  local state = v and v.id and v.state and transition(kind, v.state, 'start')
  if not problem and v.id and not state and not (v.job and v.job ~= job) then
    problem = 'VM ' .. vm .. ' has the state ' .. (v.state or '') .. ', in which no ' .. kind .. ' begins'
  end
  local runs = not problem and state and state ~= 'gone' and not (v.job and v.job ~= job) and op.steps > 0
    and action ~= 'refuse'
  if not runs then
    if broken_ends() then return nil, 'moved' end
    problem = problem or broken_waiting(vm)
  end
  if problem then return give_up(line, job, kind, vm, problem) end
  if not v.id then return no_record(job, op, vm) end
  if v.job and v.job ~= job then
    redis.call('RPOP', P .. 'queue')
    redis.call('RPUSH', P .. 'vm:' .. vm .. ':waiting', line)
    redis.call('HSET', key, 'state', 'waiting')
    return {'waiting'}
  end
  problem = v.pm and broken_pm(v.pm, vm, v.groups)
  if problem then
    if broken_ends() then return nil, 'moved' end
    return give_up(line, job, kind, vm, problem)
  end
  local is_placed
  if op.claim == 'place' and not v.pm then
    if action == 'refuse' then return reject(job, j, op, vm, v, decision, code, message, cause) end
    -- Planned when it still had its place.
    if action ~= 'place' then return nil, 'moved' end
    -- Whoever planned on what is no longer so, a cordon set by hand say, hears of it at the next peek.
    if not take_room(vm, v, pm) then return nil, 'full' end
    is_placed = true
  end
  pm, decision = is_placed and pm or v.pm, is_placed and decision
  if op.steps == 0 or state == 'gone' then return complete(job, op, kind, vm, v, pm, lasts_s, decision) end
  return start(job, j, vm, v, pm, state, decision)
end

local function take_all()
  for i = plan, #ARGV, 9 do
    if redis.call('LINDEX', P .. 'queue', -1) ~= ARGV[i] then return 'moved' end
    local result, stop = take(unpack(ARGV, i, i + 8))
    if stop then return stop end
    results[#results + 1] = result
  end
  return 'ok'
end
local stop = take_all()
-- The sweep's repairs find the worker's list by this, also where it dies before it announces itself.
redis.call('ZADD', P .. 'workers', 'GT', whole(now_ms), worker)
return {stop, results}
