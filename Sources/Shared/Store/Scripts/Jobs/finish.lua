-- Writes a job's outcome, where the worker still holds it: the epoch is the fence.
--
-- What becomes of the VM, the table of operations says: it has the state that follows, or it goes and frees what it
-- claims. Where the job has failed and may have left something, another one that cleans up is deferred until the PM
-- answers; the VM keeps its claim until then. A claim that the job holds itself becomes the VM's, or is released.
--
-- ARGV worker       who holds it
-- ARGV job          the job
-- ARGV epoch        the epoch under which it holds it
-- ARGV outcome      `done` or `failed`
-- ARGV code         why it failed; empty where it did as asked
-- ARGV message      the same in words
-- ARGV cause        what that came from
-- ARGV retention    how long what is kept of ended jobs
-- ARGV cleanup_ms   ms until a job cleans up what this one may have left; empty for none
-- ARGV is_pm_fault  `1` where the failure counts against the PM
-- ARGV job_floor    the highest number of a job that the worker has seen
-- ARGV steps...     lines of the step log, three arguments each, as `step_log` takes them
-- Returns: 1, or 0 where the job is another worker's or has ended.
--
-- needs: broken_records, counters, deferral, events, failure_penalty, fleet_version, job_claim, job_end, job_history
-- needs: job_index, operations, step_log, time, vm_outcome, vm_state, waiting_jobs

local j = redis.pcall('HMGET', P .. 'job:' .. job, 'epoch', 'state', 'kind', 'vm', 'entry', 'pm', 'request', 'nonce',
  'project')
refuse(j.err and P .. 'job:' .. job .. ' must be a hash')
if j[1] ~= epoch or j[2] ~= 'running' then return 0 end
local kind, vm, pm = j[3], j[4], j[6]
local op = operation(kind)
refuse(not op and P .. 'job:' .. job .. ' is of an operation that there is not'
  or not (vm and pm and j[5]) and P .. 'job:' .. job .. ' has no vm, no pm or no entry')
local v, problem = read_vm(vm)
local waiting_problem, wakes = broken_waiting(vm)
refuse(problem or waiting_problem or v.id and not v.state and P .. 'vm:' .. vm .. ' has no state'
  or wrong_kind('leases', 'events') or broken_history(job, ARGV[steps]))
local cleanup = outcome == 'failed' and cleanup_ms ~= '' and v.id and op.cleanup
local after = cleanup and transition(cleanup, 'error', 'start') or state_after(kind, outcome, v.state, v.before)
-- What frees a VM's claim writes to more keys than a job whose VM stays.
local stays = v.id and after ~= 'gone' and not cleanup
local failures = op.chooses_pm and outcome == 'done' and redis.pcall('HGET', P .. 'pm:' .. pm, 'failures')
refuse((not stays or failures or is_pm_fault == '1') and (broken_pm(pm, vm, v.groups)
    or v.pm ~= pm and broken_pm(v.pm, vm, v.groups) or wrong_kind('fleet') or broken_counters())
  or not stays and wrong_kind('delayed', 'discovery', 'vms', 'tombstones', 'holds')
  or wakes and wrong_kind('queue:returned', 'queue:direct', 'dead') or cleanup and wrong_change(vm, v.state, after)
  or op.is_held_by_job and broken_job_claim(job, vm, v))
-- As the first write it may fail itself, where the key is of another type.
local removed = redis.pcall('LREM', P .. 'processing:' .. worker, '1', j[5])
refuse(type(removed) == 'table' and (wrong_kind('processing:' .. worker) or removed.err))
write_steps(job, steps)
redis.call('ZREM', P .. 'leases', job)
if op.is_held_by_job then settle_job_claim(job, op, outcome, vm, v) end
if cleanup then
  local next_job, why = whole(count('job', job_floor)), 'cleans up after job ' .. job
  local line = string.format('{"job":%s,"kind":"%s","vm":%s,"cpu":0,"ram":0,"disk":0}', next_job, cleanup, vm)
  set_state(vm, v.state, after, 'state_before', 'error', 'job', next_job, operation(cleanup).job_field, next_job,
    'error', message)
  redis.call('HSET', P .. 'job:' .. next_job, 'id', next_job, 'kind', cleanup, 'vm', vm, 'pm', pm, 'entry', line,
    'accepted_at', now, 'request', j[7] or '', 'project', j[9] or 'default', 'put_off', why)
  index_job(next_job, vm, j[7] or '', j[9] or 'default')
  redis.call('HSET', P .. 'job:' .. job, 'cleanup_job', next_job)
  defer(next_job, pm, tonumber(cleanup_ms))
  event('job.delayed', 'job', next_job, 'kind', cleanup, 'vm', vm, 'pm', pm, 'why', why)
elseif settle_vm(op, kind, outcome, vm, v, message) and wakes then
  wake_waiting(vm, job)
end
if failures then
  redis.call('HDEL', P .. 'pm:' .. pm, 'failures', 'failed_at')
  touch(pm, false)
end
if is_pm_fault == '1' then penalize(pm) end
end_job(job, outcome, code, message, cause, retention, {kind, vm, pm, j[8], j[7], j[9]})
return 1
