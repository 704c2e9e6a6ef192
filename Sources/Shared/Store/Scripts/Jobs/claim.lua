-- Takes the oldest entries that are to take capacity as planned, strictly in order, each with its claim, or not at all;
-- and the oldest of the direct queue, which need no plan.
--
-- The longest good prefix of the plan is taken; the worker then polls again and plans anew.
--
-- ARGV worker        who takes them
-- ARGV lease_ms      how long they are the worker's without renewal
-- ARGV headroom_version  of the poll that the plan follows from
-- ARGV retention     how long what is kept of ended jobs
-- ARGV direct        how many entries of the direct queue are taken at most
-- ARGV unprobed_ms   how long an entry is deferred at most for the first probe of its PM
-- ARGV plan...       for each entry nine: the entry, action, job, vm, pm, decision, code, message, cause. Actions:
--   `place` (claims capacity on `pm`, for the VM or for the job itself; a job without steps ends with that), `run`, `defer`
--   (until `pm` was probed, with the message), `refuse` (with code, message, cause), `dead` (with the message)
-- Returns: `{stop, {result, …}, {{entry, result}, …}}`: the last are of the direct queue. `stop` is `ok`, `moved` (the
--   next entry is another one), `full` (the PM lacks headroom by now) or `stale` (headroom was freed since the plan that
--   refuses). A result is `{'started', epoch, pm, began_at}` (`began_at` is when its first step began, empty
--   where that is still to be said), `{'waiting'}` (behind another job of its VM), `{'deferred'}`,
--   `{'ended'}` or `{'dead'}`.
--
-- needs: broken_records, capacity_claim, claim_checks, dead_letter, dead_list, deferral, events, explanation, job_claim
-- needs: job_end, operations, queue, queue_rules, refusals, room_wait, step_log, time, versions_known, vm_outcome, vm_state
-- needs: waiting_jobs

local results = {}
-- Whether the entry in hand has claimed; whether one was to claim and did not, as one that waits: a refusal that was planned
-- behind it counted with that.
local has_claimed, is_outdated

refuse(wrong_kind('workers', 'queue', 'queue:returned', 'queue:direct', 'processing:' .. worker, 'leases', 'events',
  'fleet') or broken_counters() or broken_rules())
if is_paused() then return {'moved', {}, {}} end
-- Where the entry in hand stands, and takes it from there, to the worker's list where it runs.
local place, line_in_hand
local function pop(runs)
  note_write()
  if place ~= 'queue:direct' then note_taken(place == 'queue:returned') end
  if place == 'queue:returned' then
    redis.call('ZREM', P .. place, line_in_hand)
  else
    redis.call('RPOP', P .. place)
  end
  if runs then redis.call('LPUSH', P .. 'processing:' .. worker, line_in_hand) end
end

-- An entry whose job cannot be read, or has no record.
local function discard(line, reason)
  pop()
  add_dead(line, reason)
  event('job.dead', 'reason', reason)
  return {'dead'}
end

local function give_up(line, job, kind, vm, problem)
  pop()
  dead_letter(line, job, kind, vm, problem, 'malformed_record', 'job ' .. job .. ' was given up, since a record is broken: '
    .. 'hvc-worker audit finds what else is', retention)
  return {'dead'}
end

-- The claim of a new job is the fence before its first step, too.
local function start(job, j, op, vm, v, pm, state, decision)
  pop(true)
  local kind, at = j[1], pm or ''
  local epoch = tonumber(j[3] or 0) + 1
  local fields = {'state', 'running', 'worker', worker, 'started_at', now, 'pm', at, 'epoch', whole(epoch), 'attempts',
    whole(tonumber(j[4] or 0) + 1)}
  local begins = op.first and not j[3] and at ~= ''
  if begins then
    fields[#fields + 1], fields[#fields + 2] = 'step', op.first
    begin_log(job, op.first, at, whole(epoch))
  end
  redis.call('HSET', P .. 'job:' .. job, unpack(fields))
  if decision then explain(job, decision) end
  redis.call('ZADD', P .. 'leases', whole(now_ms + tonumber(lease_ms)), job)
  fields = {'job', job}
  if decision and not op.is_held_by_job then fields = {'job', job, 'pm', pm, 'placed_at', now} end
  if v.state ~= state then fields[#fields + 1], fields[#fields + 2] = 'state_before', v.state end
  set_state(vm, v.state, state, unpack(fields))
  event('job.started', 'job', job, 'kind', kind, 'vm', vm, 'pm', at, 'worker', worker)
  return {'started', epoch, at, begins and now or ''}
end

-- Ends a job for which there is nothing to do on a PM; what it makes of its VM may last for a time.
local function complete(job, op, kind, vm, v, pm, lasts_s, decision)
  pop()
  local fields = {}
  if decision and not op.is_held_by_job then fields = {'pm', pm, 'placed_at', now} end
  if lasts_s then
    local ends_at = now_ms + tonumber(lasts_s) * 1000
    fields[#fields + 1], fields[#fields + 2] = 'held_until', iso(ends_at)
    redis.call('ZADD', P .. 'holds', whole(ends_at), vm)
  end
  if op.is_held_by_job then settle_job_claim(job, op, 'done', vm, v) end
  local stays = settle_vm(op, kind, 'done', vm, v, '', unpack(fields))
  redis.call('HSET', P .. 'job:' .. job, 'pm', pm or '')
  if decision then explain(job, decision) end
  end_job(job, 'done', '', '', '', retention)
  if stays then wake_waiting(vm, job) end
  return {'ended'}
end

local function reject(job, j, op, vm, v, decision, code, message, cause)
  local _, present = versions()
  if present ~= headroom_version then return nil, 'stale' end
  if check(wrong_kind('refusals')) then return nil, 'moved' end
  local lacking = code
  if may_wait_for_room(job, code) then
    if check(broken_room()) then return nil, 'moved' end
    pop()
    explain(job, decision)
    wait_for_room(job, vm, line_in_hand, present, message)
    return {'deferred'}
  end
  if j[5] then
    -- The PMs that failed it say more than that no other takes it.
    local before = j[7] and j[7] ~= '' and j[7] .. '; ' or ''
    code, message, cause = j[5], j[6] or message, before .. 'then: ' .. message .. '; ' .. cause
  end
  pop()
  explain(job, decision)
  note_refusal(job, j[1], v.needs, lacking, decision)
  if settle_vm(op, j[1], 'failed', vm, v, message) then wake_waiting(vm, job) end
  end_job(job, 'failed', code, message, cause, retention)
  return {'ended'}
end

-- Its PM was not probed yet: the entry comes back to its place once it was, and nothing behind it waits for that.
local function wait_for_probe(job, kind, vm, pm, decision, why)
  if check(wrong_kind('delayed', 'pm:' .. pm .. ':delayed')) then return nil, 'moved' end
  pop()
  redis.call('HSET', P .. 'job:' .. job, 'pm', pm, 'put_off', why)
  explain(job, decision)
  defer(job, pm, tonumber(unprobed_ms))
  event('job.delayed', 'job', job, 'kind', kind, 'vm', vm, 'pm', pm, 'why', why)
  return {'deferred'}
end

-- A rule keeps such jobs from beginning.
local function wait_for_rule(job, kind, vm, rule)
  if check(wrong_kind('delayed', 'queue:deferred:' .. rule.words)) then return nil, 'moved' end
  pop()
  defer_by_rule(job, rule.words, rule.reason)
  event('job.delayed', 'job', job, 'kind', kind, 'vm', vm, 'pm', '', 'why', rule.reason)
  return {'deferred'}
end

local function no_record(job, op, vm, v)
  pop()
  if op.is_held_by_job and not broken_job_claim(job, vm, v) then settle_job_claim(job, op, 'failed', vm, v) end
  if op.claim == 'place' or op.is_held_by_job then
    local why = 'VM ' .. vm .. ' has no record any more' .. (op.initial and ', and was not made' or '')
    end_job(job, 'failed', 'unknown_vm', why, '', retention)
  else
    end_job(job, 'done', '', 'the VM was gone already', '', retention)
  end
  wake_waiting(vm, job)
  return {'ended'}
end

-- Ends a job that cannot begin, for a reason that no other plan changes.
local function fail(job, op, kind, vm, v, code, message)
  pop()
  if settle_vm(op, kind, 'failed', vm, v, message) then wake_waiting(vm, job) end
  end_job(job, 'failed', code, message, '', retention)
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
  local before = not problem and v.id and job_before(job, kind, vm, v)
  local state = v and v.id and v.state and transition(kind, v.state, 'start')
  if not problem and v.id and not state and not before then
    problem = 'VM ' .. vm .. ' has the state ' .. (v.state or '') .. ', in which no ' .. kind .. ' begins'
  end
  local runs = not problem and state and state ~= 'gone' and not before and op.steps > 0
    and action ~= 'refuse'
  if not runs then
    if broken_ends() then return nil, 'moved' end
    problem = problem or broken_waiting(vm)
  end
  if problem then return give_up(line, job, kind, vm, problem) end
  if not v.id then return no_record(job, op, vm, v) end
  if before then
    -- A create that waits for room is decided on now where its VM is to be destroyed.
    local ends_wait = op.claim == 'release' and waits_for_room(before)
    pop()
    wait_behind(line, vm)
    redis.call('HSET', key, 'state', 'waiting')
    if ends_wait then end_room_wait(before, 'job ' .. job .. ' waits to destroy its VM') end
    return {'waiting'}
  end
  problem = v.pm and broken_pm(v.pm, vm, v.groups)
    or runs and op.first and not j[3] and wrong_kind('job:' .. job .. ':steps')
  if problem then
    if broken_ends() then return nil, 'moved' end
    return give_up(line, job, kind, vm, problem)
  end
  local rule = deferring_rule(kind, v.project, v.labels)
  -- What has begun goes on.
  if rule and tonumber(j[4] or 0) == 0 then return wait_for_rule(job, kind, vm, rule) end
  if is_outdated and action == 'refuse' and place ~= 'queue:direct' then return nil, 'moved' end
  local is_placed, placed_on, amount = nil, v.pm, v.needs
  if op.is_held_by_job then
    problem, placed_on, amount = read_job_claim(job, op, vm, v)
    local is_too_small = not problem and not op.chooses_pm and not resized(job, v)
    if (problem or is_too_small) and broken_ends() then return nil, 'moved' end
    if problem then return give_up(line, job, kind, vm, problem) end
    if is_too_small then
      return fail(job, op, kind, vm, v, 'invalid_request', 'VM ' .. vm .. ' would have no CPU or no memory left')
    end
  end
  if takes_capacity(kind) and not placed_on then
    if action == 'defer' then return wait_for_probe(job, kind, vm, pm, decision, message) end
    if action == 'refuse' then return reject(job, j, op, vm, v, decision, code, message, cause) end
    -- Planned when it still had its place.
    if action ~= 'place' or op.is_held_by_job and (pm == v.pm) == (op.chooses_pm or false) then return nil, 'moved' end
    -- A planner that used outdated figures, a cordon set by hand say, gets the present ones at its next poll.
    note_write()
    if op.is_held_by_job then
      is_placed = place_job(job, op, amount, vm, v, pm)
    else
      is_placed = place_vm(vm, v, pm)
    end
    if not is_placed then return nil, 'full' end
    has_claimed = true
  end
  pm, decision = is_placed and pm or placed_on, is_placed and decision
  if op.steps == 0 or state == 'gone' then return complete(job, op, kind, vm, v, pm, lasts_s, decision) end
  return start(job, j, op, vm, v, pm, state, decision)
end

local function take_planned()
  for i = plan, #ARGV, 9 do
    local line, is_back = next_entry((#ARGV - i + 1) / 9)
    if line ~= ARGV[i] then return 'moved' end
    place, line_in_hand, has_claimed = is_back and 'queue:returned' or 'queue', line, false
    local result, stop = take(unpack(ARGV, i, i + 8))
    if stop then return stop end
    is_outdated = is_outdated or ARGV[i + 1] == 'place' and not has_claimed
    results[#results + 1] = result
  end
  return 'ok'
end
local function take_direct()
  local taken = {}
  for _ = 1, tonumber(direct) do
    local line = redis.call('LINDEX', P .. 'queue:direct', -1)
    if not line then break end
    place, line_in_hand = 'queue:direct', line
    local job, vm, kind = job_in(line), string.match(line, '"vm":(%d+)'), string.match(line, '"kind":"([^"]*)"')
    local problem = not (job and vm and kind) and 'this is no entry of ours: put jobs on the queue through the gateway'
      or not operation(kind) and 'no operation is called ' .. kind .. ': a newer version may have accepted the job'
    if not problem and takes_capacity(kind) then
      -- Nobody puts it here but by hand: it waits its turn with the others that take capacity.
      pop()
      put_back(line, job)
    else
      local result = take(line, problem and 'dead' or 'run', job or '', vm or '', '', '', '', problem, '')
      if not result then break end
      taken[#taken + 1] = {line, result}
    end
  end
  return taken
end
local stop = take_planned()
local taken = take_direct()
-- The sweep's repairs find the worker's list by this, also where it dies before it announces itself.
redis.call('ZADD', P .. 'workers', 'GT', whole(now_ms), worker)
return {stop, results, taken}
