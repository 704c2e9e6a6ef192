-- Brings back what is due, and what workers that died have left.
--
-- Jobs whose lease ran out go back to their place in the queue; one that has ended so many workers is given up: it
-- goes to the dead-letter list, and its VM stays in state `error` with its claim, for a destroy to clean up. Jobs that were
-- deferred go back when their time has come. Once in a while entries of processing lists are compared with the
-- leases: a running job without one gets one that is over, and what stands there for nothing is removed.
--
-- Holds whose time is over are dropped.
--
-- ARGV limit        how many jobs of each kind at most
-- ARGV crash_limit  how often a job may end its worker; 0 where leases ran out for another reason, as Redis being away
-- ARGV retention    how long what is kept of ended jobs
-- ARGV repair_ms    between two comparisons of processing lists with leases
-- Returns: `{jobs taken back, jobs taken up, jobs given up, ms until the next is due or -1, what is broken}`. What is
--   broken is left as it is, so that one broken record does not keep the others.
--
-- needs: broken_records, crash_limit, deferral, events, lease_repair, requeue, time, vm_removal

refuse(wrong_kind('queue:returned', 'queue:direct', 'leases', 'delayed', 'holds', 'dead', 'workers', 'events', 'fleet',
  'discovery', 'vms', 'tombstones', 'jobs:ended') or broken_counters())
local back, given_up, problems = {}, {}, {}
local function is_broken(problem)
  if problem then problems[#problems + 1] = problem end
  return problem
end
if redis.call('SET', P .. 'repair', now, 'NX', 'PX', repair_ms) then repair(is_broken) end

for _, job in ipairs(redis.call('ZRANGEBYSCORE', P .. 'leases', '-inf', whole(now_ms), 'LIMIT', 0, limit)) do
  local j = is_broken(broken_job(job)) and {} or redis.call('HMGET', P .. 'job:' .. job, 'state', 'worker', 'entry', 'vm')
  if j[1] == 'running' and is_broken(lacks('job:' .. job, j, '', 'worker', 'entry', 'vm')) then j = {} end
  if j[1] ~= 'running' then
    redis.call('ZREM', P .. 'leases', job)
  elseif tonumber(crash_limit) > 0
    and redis.call('HINCRBY', P .. 'job:' .. job, 'crashes', 1) >= tonumber(crash_limit) then
    give_up(job, j[2], 'its worker died under it ' .. crash_limit .. ' times; the last was ' .. j[2], retention)
    given_up[#given_up + 1] = job
  else
    requeue_job(job, 'the lease of worker ' .. j[2] .. ' ran out')
    back[#back + 1] = job
  end
end
local due = redis.call('ZRANGEBYSCORE', P .. 'delayed', '-inf', whole(now_ms), 'LIMIT', 0, limit)
-- The last one first: each comes before those that came back earlier.
for i = #due, 1, -1 do is_broken(promote(due[i])) end
for _, vm in ipairs(redis.call('ZRANGEBYSCORE', P .. 'holds', '-inf', whole(now_ms), 'LIMIT', 0, limit)) do
  redis.call('ZREM', P .. 'holds', vm)
  local v = is_broken(broken_vm(vm)) and {} or redis.call('HMGET', P .. 'vm:' .. vm, 'state', 'pm', 'project')
  if v[1] == 'held' and not is_broken(broken_pm(v[2], vm)) then
    forget_vm(vm)
    event('hold.expired', 'vm', vm, 'project', v[3] or 'default')
  end
end

local wait = -1
for _, times in ipairs({'leases', 'delayed', 'holds'}) do
  local first = redis.call('ZRANGE', P .. times, 0, 0, 'WITHSCORES')
  local left = first[2] and math.max(0, tonumber(first[2]) - now_ms)
  if left and (wait < 0 or left < wait) then wait = left end
end
return {back, due, given_up, wait, problems}
