-- Gives the VMs of an atomic batch their places, all of them or none, or refuses them all, where one of them is next.
--
-- What got its place stays where it stands, and is taken from there by whichever worker has a slot. What is refused and may
-- wait for room waits for it, as one.
--
-- ARGV batch         the batch
-- ARGV action        `place` or `refuse`
-- ARGV headroom_version  of the poll that this was decided by
-- ARGV retention     how long what is kept of ended jobs
-- ARGV code          why they are refused; empty where they are not
-- ARGV message       the same in words
-- ARGV cause         what that came from
-- ARGV members...    for each job that has not begun three: job, pm, decision
-- Returns: `ok`; `moved` (another entry is next, or one of the jobs is not as it was), `full` (a PM lacks headroom by now), or
--   `stale` (headroom was freed since it was decided to refuse). Only `ok` has changed any of the jobs.
--
-- needs: broken_records, capacity_claim, claims, deferral, events, explanation, fleet_version, groups, job_end, operations
-- needs: queue, queue_rules, refusals, room_wait, time, versions_known, vm_outcome, vm_state, waiting_jobs, withdrawal

refuse(wrong_kind('queue', 'queue:returned', 'queue:direct', 'events', 'fleet', 'dead', 'discovery', 'vms', 'tombstones',
  'holds', 'jobs:ended', 'refusals') or broken_room() or broken_counters() or broken_rules())
if is_paused() then return 'moved' end
local line = next_entry()
local head, is_next, all = line and job_in(line), false, {}
for i = members, #ARGV, 3 do
  local m = {job = ARGV[i], pm = ARGV[i + 1], decision = ARGV[i + 2]}
  refuse(broken_job(m.job))
  local j = redis.call('HMGET', P .. 'job:' .. m.job, 'state', 'kind', 'entry', 'vm', 'batch', 'pm')
  local is_open = j[1] == 'queued' or j[1] == 'delayed'
  if not is_open or j[5] ~= batch or not takes_capacity(j[2]) or not j[3] or not j[4] then return 'moved' end
  m.state, m.kind, m.line, m.vm, m.old_pm = j[1], j[2], j[3], j[4], j[6] or ''
  local problem
  m.v, problem = read_vm(m.vm)
  refuse(problem or (broken_waiting(m.vm)) or wrong_kind('pm:' .. m.old_pm .. ':delayed'))
  if not m.v.id or m.v.pm or m.v.state ~= 'queued' then return 'moved' end
  is_next = is_next or m.job == head and m.line == line
  all[#all + 1] = m
end
if not is_next then return 'moved' end

-- What keeps one of them from beginning keeps them all.
local rule
for _, m in ipairs(all) do rule = rule or deferring_rule(m.kind, m.v.project, m.v.labels) end
if rule then
  refuse(wrong_kind('queue:deferred:' .. rule.words))
  for _, m in ipairs(all) do
    if m.state == 'queued' then
      withdraw(m.job, m.kind, m.state, m.line, m.vm, '')
      defer_by_rule(m.job, rule.words, rule.reason)
      event('job.delayed', 'job', m.job, 'kind', m.kind, 'vm', m.vm, 'pm', '', 'why', rule.reason)
    end
  end
  return 'ok'
end

-- The claims that were made before one could not be: nothing was freed by that, so no refusal is to be thought over.
local function give_back(m)
  if not release_capacity(m.pm, 'vm:' .. m.vm) then return end
  count_groups(m.vm, m.pm, -1)
  touch(m.pm, false)
end
local function place_all()
  for i, m in ipairs(all) do
    if not place_vm(m.vm, m.v, m.pm) then
      for earlier = i - 1, 1, -1 do give_back(all[earlier]) end
      return 'full'
    end
  end
  for _, m in ipairs(all) do
    set_state(m.vm, m.v.state, m.v.state, 'pm', m.pm, 'placed_at', now)
    explain(m.job, m.decision)
    if m.state == 'delayed' then promote(m.job, 'its batch got its places') end
  end
  event('batch.placed', 'batch', batch)
  return 'ok'
end

local function refuse_all()
  local _, present = versions()
  if present ~= headroom_version then return 'stale' end
  for _, m in ipairs(all) do
    withdraw(m.job, m.kind, m.state, m.line, m.vm, m.old_pm)
    explain(m.job, m.decision)
    if may_wait_for_room(m.job, code) then
      wait_for_room(m.job, m.vm, m.line, present, message)
    else
      note_refusal(m.job, m.kind, m.v.needs, code, m.decision)
      if settle_vm(operation(m.kind), m.kind, 'failed', m.vm, m.v, message) then wake_waiting(m.vm, m.job) end
      end_job(m.job, 'failed', code, message, cause, retention)
    end
  end
  return 'ok'
end
if action == 'place' then return place_all() end
return refuse_all()
