-- Accepts a job on a VM that is there, of an operation whose job holds a claim itself: a second PM for the VM, or what it is
-- to grow by; all or nothing of job record, queue entry and event.
--
-- ARGV kind             its operation
-- ARGV vm               the VM
-- ARGV request          the id of the HTTP request
-- ARGV constraints      where the VM may go, as JSON, where a PM is chosen; may be empty
-- ARGV delta            `cpu,ram,disk`: how much more the VM is to need, or less; empty where a PM is chosen
-- ARGV project          the project of which the VM must be; empty for any
-- ARGV queue_limit      how many jobs may be queued
-- ARGV nonce            distinguishes the job from any other, in any history of Redis
-- ARGV job_floor        the highest number of a job that the caller has seen
-- ARGV vm_floor         the highest number of a VM that the caller has seen
-- ARGV idempotency_key  the client's own key for the request, with what it is of; empty for none
-- ARGV fingerprint      what distinguishes the request from another one with that key
-- ARGV trace            the traceparent of the HTTP request; may be empty
-- ARGV author           who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: as for a job on a VM that claims nothing; `{'queue_full', length}`; `{'quota_exceeded', …}` as for a create;
--   `{'too_small'}` where the VM would have no CPU or no memory.
--
-- when full: refused
-- needs: acceptance, broken_records, idempotency, job_claim, operations, projects, queue_limit
-- needs: queue_rules, readiness, audit_log

local before = replay()
if before then return before end
local key, op = P .. 'vm:' .. vm, operation(kind)
refuse(broken_audit_log() or wrong_kind('events'))
local unready = not_ready()
if unready then return {unready} end
local v, problem = read_vm(vm)
refuse(problem)
if not v.id or project ~= '' and project ~= v.project then return {'unknown_vm'} end
local earlier = redis.call('HGET', key, op.job_field)
local state = earlier and redis.call('HGET', P .. 'job:' .. earlier, 'state')
if earlier and state ~= 'done' and state ~= 'failed' and state ~= 'dead' then return {'under_way', earlier} end
-- While a job is under way, the state in which this one will begin is not known yet.
if not v.job and not transition(kind, v.state, 'start') then return {'wrong_state', v.state or ''} end
local needs, image = v.needs, redis.call('HGET', key, 'image') or nil
if not op.chooses_pm then
  if not sum(v.needs, amounts(delta)) then return {'too_small'} end
  needs, image = growth(amounts(delta)) or {0, 0, 0}, nil
  local refusal = project_refusal(v.project, 0, needs)
  if refusal then return refusal end
end
local refusal = queue_full() or rejected(kind, v.project, v.labels)
if refusal then return refusal end
local job = enqueue(kind, vm, needs, image, constraints, request, v.project)
if delta ~= '' then
  redis.call('HSET', P .. 'job:' .. job, 'delta', delta)
  reserve(job, v.project, needs)
end
remember(job, vm)
return {'ok', job, vm}
