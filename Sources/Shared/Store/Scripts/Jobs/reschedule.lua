-- Sends a job to another PM, where the worker still holds it and has left nothing on this one.
--
-- Its claim is released, that of its VM or its own, and it goes back to its place in the queue with the PM noted as tried.
--
-- ARGV job          the job
-- ARGV epoch        the epoch under which the worker holds it
-- ARGV code         why the try failed
-- ARGV message      the same in words
-- ARGV cause        what that came from
-- ARGV is_pm_fault  `1` where the failure counts against the PM
-- ARGV steps...     lines of the step log, three arguments each, as `step_log` takes them
-- Returns: 1, or 0 where the job is another worker's or has ended.
--
-- needs: broken_records, claims, events, failure_penalty, job_claim, last_failure, lease_release, operations, queue
-- needs: step_log, time, vm_state

local key = P .. 'job:' .. job
refuse(broken_job(job))
local j = redis.call('HMGET', key, 'epoch', 'state', 'entry', 'worker', 'pm', 'vm', 'tried', 'kind')
if j[1] ~= epoch or j[2] ~= 'running' then return 0 end
refuse(lacks('job:' .. job, j, '', '', 'entry', 'worker', 'pm', 'vm', '', 'kind'))
local pm, vm, op = j[5], j[6], operation(j[8]) or {}
local v, problem = read_vm(vm)
local after = op.initial or v.before or v.state
refuse(problem or (not op.chooses_pm or not v.state) and P .. 'job:' .. job .. ' is none that another PM could take')
refuse(broken_steps(job, steps) or broken_counters() or (broken_waiting(vm)) or wrong_change(vm, v.state, after) or broken_pm(pm, vm)
  or wrong_kind('queue:returned', 'queue:direct', 'processing:' .. j[4], 'leases', 'events', 'fleet', 'discovery')
  or op.is_held_by_job and broken_job_claim(job, vm, v))
write_steps(job, steps)
revoke(job, j[3], j[4])
last_failure(job, code, message, cause)
local tried = (j[7] and j[7] .. ',' or '') .. pm
local line = string.gsub(string.gsub(j[3], ',"tried":%[[%d,]*%]', ''), '}$', ',"tried":[' .. tried .. ']}')
redis.call('HSET', key, 'state', 'queued', 'pm', '', 'tried', tried, 'entry', line)
redis.call('HDEL', key, 'step')
if op.is_held_by_job then release_job_claim(job, op, vm) else remove_claim(vm) end
set_state(vm, v.state, after, 'settled_at', now)
redis.call('HDEL', P .. 'vm:' .. vm, 'state_before')
if not op.is_held_by_job then redis.call('HDEL', P .. 'vm:' .. vm, 'pm', 'placed_at') end
if is_pm_fault == '1' then penalize(pm) end
put_back(line, job)
event('job.queued', 'job', job, 'vm', vm, 'why', 'PM ' .. pm .. ' failed it')
return 1
