-- Accepts a job on a VM that is there: all or nothing of job record, queue entry and event.
--
-- ARGV kind             its operation
-- ARGV vm               the VM
-- ARGV request          the id of the HTTP request
-- ARGV subject          `hold` where it is to be a hold that nobody builds, else empty
-- ARGV if_versions      the versions of which the VM must have one, as `condition` takes them
-- ARGV project          the project of which the VM must be; empty for any
-- ARGV nonce            distinguishes the job from any other, in any history of Redis
-- ARGV job_floor        the highest number of a job that the caller has seen
-- ARGV vm_floor         the highest number of a VM that the caller has seen
-- ARGV idempotency_key  the client's own key for the request, with what it is of; empty for none
-- ARGV fingerprint      what distinguishes the request from another one with that key
-- ARGV trace            the traceparent of the HTTP request; may be empty
-- ARGV author           who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: `{'ok', job, vm}`, `{'replayed', job, vm, nonce}` and `{'key_reused', job}` as for a create, `{'unknown_vm'}`,
--   `{'unknown_hold'}`, `{'under_way', job}` with the job of this kind that has not ended, `{'wrong_state', state}` where the
--   operation does not begin in the VM's state, `{'changed'}` where the VM has another version, `{'rejected', kind, reason}`
--   where a rule says so, `{'not_ready'}` where the VM may be one of before, or `{'other_schema'}` where the records are not
--   of the schema of these programs.
--
-- needs: acceptance, broken_records, condition, idempotency, operations, queue_rules, readiness, audit_log

local before = replay()
if before then return before end
local key, op = P .. 'vm:' .. vm, operation(kind)
refuse(broken_audit_log() or wrong_kind('queue', 'queue:direct', 'events', 'vm:' .. vm))
local unready = not_ready()
if unready == 'other_schema' then return {unready} end
if redis.call('EXISTS', key) == 0 then return {unready or 'unknown_vm'} end
local v = redis.call('HMGET', key, op.job_field, 'state', 'job', 'version', 'project', 'labels')
local of_vm = v[5] or 'default'
if project ~= '' and project ~= of_vm then return {'unknown_vm'} end
local refusal = rejected(kind, of_vm, v[6])
if refusal then return refusal end
if is_outdated(v[4]) then return {'changed'} end
local earlier = v[1]
if subject == 'hold' and (earlier or v[2] ~= 'held') then return {'unknown_hold'} end
local earlier_state = earlier and redis.call('HGET', P .. 'job:' .. earlier, 'state')
if earlier and earlier_state ~= 'done' and earlier_state ~= 'failed' and earlier_state ~= 'dead' then
  return {'under_way', earlier}
end
-- While a job is under way, the state in which this one will begin is not known yet.
if not v[3] and not transition(kind, v[2], 'start') then return {'wrong_state', v[2] or ''} end
local job = enqueue(kind, vm, {0, 0, 0}, nil, '', request, of_vm)
remember(job, vm)
return {'ok', job, vm}
