-- Cancels a job that has not ended.
--
-- One that has begun nothing on a PM ends at once, as one that failed: what it claims is released. One that has is taken up
-- by a worker, which undoes its steps before it takes another one.
--
-- ARGV job        the job
-- ARGV retention  how long what is kept of ended jobs
-- ARGV author     who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: `{'cancelled'}` where it has ended; `{'requested'}` where a worker is to undo it; `{'ended', state}` where it had
--   ended before; `{'not_undoable', kind}` where what it has begun cannot be undone; `{'unknown_job'}`.
--
-- needs: audit_log, broken_records, deferral, events, job_claim, job_end, operations, time, vm_outcome, vm_state, waiting_jobs
-- needs: withdrawal

local key = P .. 'job:' .. job
refuse(broken_audit_log() or broken_job(job))
local j = redis.call('HMGET', key, 'state', 'kind', 'vm', 'entry', 'pm', 'step', 'rule')
local state, kind, vm, entry, pm = j[1], j[2], j[3], j[4], j[5] or ''
if not state then return {'unknown_job'} end
if state == 'done' or state == 'failed' or state == 'dead' then return {'ended', state} end
local op = operation(kind)
refuse(lacks('job:' .. job, j, '', '', 'vm', 'entry') or not op and key .. ' is of an operation that there is not')
if state == 'running' or j[6] then
  if not op.undo then return {'not_undoable', kind} end
  refuse(wrong_kind('events', 'delayed', 'queue:returned', 'queue:direct', pm ~= '' and 'pm:' .. pm .. ':delayed' or 'delayed'))
  redis.call('HSET', key, 'cancel_requested_at', now)
  if state == 'delayed' then promote(job) end
  event('job.cancelling', 'job', job, 'kind', kind, 'vm', vm)
  audited('vm', vm, 'job', job)
  return {'requested'}
end
local v, problem = read_vm(vm)
refuse(problem or v.id and not v.state and P .. 'vm:' .. vm .. ' has no state' or (broken_waiting(vm))
  or wrong_kind('queue', 'queue:returned', 'queue:direct', 'events', 'delayed', 'dead',
    'jobs:ended', 'vms', 'tombstones', 'holds', 'fleet', 'discovery',
    j[7] and 'queue:deferred:' .. j[7] or 'delayed') or broken_counters() or broken_pm(pm)
  or v.id and v.pm and broken_pm(v.pm, vm, v.groups)
  or v.id and wrong_change(vm, v.state, state_after(kind, 'failed', v.state, v.before))
  or op.is_held_by_job and broken_job_claim(job, vm, v))
-- People ask for this, and no worker waits for it.
withdraw(job, kind, state, entry, vm, pm)
if op.is_held_by_job then settle_job_claim(job, op, 'failed', vm, v) end
local why = 'job ' .. job .. ' was cancelled before it began'
-- Where another job of the VM is under way, the state is that one's to say.
if v.id and v.job and v.job ~= job then
  if redis.call('HGET', P .. 'vm:' .. vm, op.job_field) == job then redis.call('HDEL', P .. 'vm:' .. vm, op.job_field) end
elseif v.id and settle_vm(op, kind, 'failed', vm, v, why) then
  wake_waiting(vm, job)
end
end_job(job, 'failed', 'cancelled', why, '', retention)
audited('vm', vm, 'job', job)
return {'cancelled'}
