-- Writes a job's outcome, where the worker still holds it: the epoch is the fence.
--
-- A start that failed leaves the VM in the state it had. A create that failed and a destroy that is done free the VM's
-- claim and forget the VM. A create that failed and may have left something is followed by a destroy that cleans up,
-- deferred until the PM answers; the VM keeps its claim until then.
--
-- ARGV worker       who holds it
-- ARGV job          the job
-- ARGV epoch        the epoch under which it holds it
-- ARGV outcome      `done` or `failed`
-- ARGV code         why it failed; empty where it did as asked
-- ARGV message      the same in words
-- ARGV cause        what that came from
-- ARGV retention    how long records of ended jobs are kept, `SECONDS:COUNT`
-- ARGV cleanup_ms   ms until the destroy that cleans up after a failed create; empty for none
-- ARGV is_pm_fault  `1` where the failure counts against the PM
-- ARGV job_floor    the highest number of a job that the worker has seen
-- ARGV steps...     lines of the step log, three arguments each, as `step_log` takes them
-- Returns: 1, or 0 where the job is another worker's or has ended.
--
-- needs: broken_records, counters, deferral, events, failure_penalty, fleet_version, job_end, step_log, time
-- needs: vm_removal, waiting_jobs

local j = redis.pcall('HMGET', P .. 'job:' .. job, 'epoch', 'state', 'kind', 'vm', 'entry', 'pm', 'request', 'nonce')
refuse(j.err and P .. 'job:' .. job .. ' must be a hash')
if j[1] ~= epoch or j[2] ~= 'running' then return 0 end
local kind, vm, pm = j[3], j[4], j[6]
local key = P .. 'vm:' .. vm
local v, problem = read_vm(vm)
local waiting_problem, wakes = broken_waiting(vm)
refuse(problem or waiting_problem or wrong_kind('processing:' .. worker, 'leases', 'events', 'jobs:ended')
  or broken_steps(job, steps))
-- What frees a VM's room writes to more keys than a create that is done and a start.
local stays = kind == 'start' or (kind == 'create') == (outcome == 'done')
local failures = kind == 'create' and stays and redis.pcall('HGET', P .. 'pm:' .. pm, 'failures')
refuse((not stays or failures or is_pm_fault == '1') and (broken_pm(pm, vm, v.groups)
    or v.pm ~= pm and broken_pm(v.pm, vm, v.groups) or wrong_kind('fleet') or broken_counters())
  or not stays and wrong_kind('delayed', 'discovery', 'vms', 'gone', 'holds')
  or wakes and wrong_kind('queue', 'dead'))
write_steps(job, steps)
redis.call('LREM', P .. 'processing:' .. worker, 1, j[5])
redis.call('ZREM', P .. 'leases', job)
if kind == 'start' then
  if outcome == 'done' then
    redis.call('HSET', key, 'state', 'running', 'running_at', now)
    redis.call('HDEL', key, 'state_reason')
  end
  redis.call('HSET', key, 'settled_at', now, 'error', message)
  redis.call('HDEL', key, 'job', outcome == 'done' and 'error' or 'start_job')
elseif kind == 'create' and stays then
  redis.call('HSET', key, 'state', 'running', 'settled_at', now, 'running_at', now)
  redis.call('HDEL', key, 'job', 'state_before')
  if failures then
    redis.call('HDEL', P .. 'pm:' .. pm, 'failures', 'failed_at')
    touch(pm, false)
  end
elseif stays then
  redis.call('HSET', key, 'state', redis.call('HGET', key, 'state_before') or 'running', 'settled_at', now,
    'error', message)
  redis.call('HDEL', key, 'job', 'state_before', 'destroy_job')
elseif cleanup_ms ~= '' then
  local owed = whole(count('job', job_floor))
  local line = string.format('{"job":%s,"kind":"destroy","vm":%s,"cpu":0,"ram":0,"disk":0}', owed, vm)
  redis.call('HSET', key, 'state', 'destroying', 'state_before', 'error', 'job', owed,
    'destroy_job', owed, 'error', message)
  redis.call('HSET', P .. 'job:' .. owed, 'id', owed, 'kind', 'destroy', 'vm', vm, 'pm', pm, 'entry', line,
    'accepted_at', now, 'request', j[7] or '', 'put_off', 'owed by job ' .. job)
  defer(owed, pm, tonumber(cleanup_ms))
  event('job.delayed', 'job', owed, 'kind', 'destroy', 'vm', vm, 'pm', pm, 'why', 'owed by job ' .. job)
else
  forget_vm(vm)
end
if stays and wakes then wake_waiting(vm) end
if is_pm_fault == '1' then penalize(pm) end
end_job(job, outcome, code, message, cause, retention, {kind, vm, pm, j[8]})
return 1
