-- Accepts a hold: a VM that claims capacity and is not built.
--
-- ARGV name             the VM's name
-- ARGV uuid             the UUID that its domain will have
-- ARGV type_id          the type
-- ARGV image_id         the image
-- ARGV request          the id of the HTTP request
-- ARGV constraints      where it may go, as JSON; may be empty
-- ARGV groups           `name=rule,…`; may be empty
-- ARGV seconds          how long it is held
-- ARGV project          its project
-- ARGV queue_limit      how many jobs may be queued
-- ARGV nonce            distinguishes the job from any other, in any history of Redis
-- ARGV job_floor        the highest number of a job that the caller has seen
-- ARGV vm_floor         the highest number of a VM that the caller has seen
-- ARGV idempotency_key  the client's own key for the request, with what it is of; empty for none
-- ARGV fingerprint      what distinguishes the request from another one with that key
-- ARGV trace            the traceparent of the HTTP request; may be empty
-- ARGV author           who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: as for a create.
--
-- when full: refused
-- needs: acceptance, broken_records, idempotency, projects, queue_limit, queue_rules, readiness, audit_log

local earlier = replay()
if earlier then return earlier end
local unready = not_ready()
if unready then return {unready} end
refuse(broken_audit_log() or wrong_kind('events', 'vms'))
local refusal = queue_full()
if refusal then return refusal end
refusal = rejected('hold', project, '')
if refusal then return refusal end
if redis.call('HGET', P .. 'image:' .. image_id, 'listed') ~= '1' then return {'unknown_image'} end
local needs = needs_of(type_id)
if not needs then return {'unknown_type'} end
local conflict = group_conflict(groups)
if conflict then return conflict end
refusal = project_refusal(project, 1, needs)
if refusal then return refusal end
local vm, job = new_vm('hold', name, uuid, type_id, image_id, needs, constraints, groups, project, '', '')
enqueue('hold', vm, needs, image_id, constraints, request, project, job)
redis.call('HSET', P .. 'job:' .. job, 'hold_s', seconds)
remember(job, vm)
return {'ok', job, vm}
