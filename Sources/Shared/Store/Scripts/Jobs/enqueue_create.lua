-- Accepts a create: all or nothing of number, VM record, job record, queue entry and event.
--
-- Where it builds a hold, the VM is the hold's, with its type, its place and what was asked of that.
--
-- ARGV name             the VM's name
-- ARGV uuid             the UUID that its domain will have
-- ARGV type_id          the type
-- ARGV image_id         the image
-- ARGV request          the id of the HTTP request
-- ARGV constraints      where it may go, as JSON; may be empty
-- ARGV groups           `name=rule,…`; may be empty
-- ARGV hold             the hold to build; empty for none
-- ARGV labels           `key=value,…`; may be empty
-- ARGV description      what its owner says of it; may be empty
-- ARGV project          its project; of a hold the one that it must be of, empty for any
-- ARGV room_wait_ms     how long it waits for room where there is none; empty for not at all
-- ARGV seed             what is known of its seed disk; empty for none
-- ARGV ssh_keys         who may log in, a line each; may be empty
-- ARGV user_data        what cloud-init is to do; may be empty
-- ARGV network_config   how the guest sets up its network; may be empty
-- ARGV queue_limit      how many jobs may be queued
-- ARGV nonce            distinguishes the job from any other, in any history of Redis
-- ARGV job_floor        the highest number of a job that the caller has seen
-- ARGV vm_floor         the highest number of a VM that the caller has seen
-- ARGV idempotency_key  the client's own key for the request, with what it is of; empty for none
-- ARGV fingerprint      what distinguishes the request from another one with that key
-- ARGV trace            the traceparent of the HTTP request; may be empty
-- ARGV author           who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: `{'ok', job, vm}`, `{'replayed', job, vm, nonce}` and `{'key_reused', job}` where a request with the same key was
--   accepted before, which was the same or another one, `{'unknown_type'}`, `{'unknown_image'}`, `{'unknown_hold'}`,
--   `{'group_conflict', group, rule}`, `{'queue_full', length}`, `{'unknown_project', project}`,
--   `{'quota_exceeded', project, what, limit, used, asked}`, `{'rejected', kind, reason}` where a rule says so,
--   `{'not_ready'}` where a VM of before may have the next
--   number, or `{'other_schema'}` where the records are not of the schema of these programs.
--
-- when full: refused
-- needs: acceptance, broken_records, guest_seed, idempotency, explanation, operations, projects, queue_limit, queue_rules
-- needs: readiness, time, vm_index, vm_state, audit_log

local earlier = replay()
if earlier then return earlier end
local unready = not_ready()
if unready then return {unready} end
local vm = hold
refuse(broken_audit_log() or wrong_kind('events', vm == '' and 'vms' or 'holds'))
local refusal = queue_full()
if refusal then return refusal end
refusal = vm == '' and rejected('create', project, labels)
if refusal then return refusal end
if redis.call('HGET', P .. 'image:' .. image_id, 'listed') ~= '1' then return {'unknown_image'} end
if vm ~= '' then
  refuse(wrong_kind('vm:' .. vm))
  local v = redis.call('HMGET', P .. 'vm:' .. vm, 'state', 'destroy_job', 'cpu', 'ram', 'disk', 'where',
    'create_job', 'held_until', 'name', 'project')
  -- One that is over stays for a moment, until a worker sweeps.
  local of_hold = v[10] or 'default'
  if v[1] ~= 'held' or v[2] or (v[8] or '') <= now or project ~= '' and project ~= of_hold then return {'unknown_hold'} end
  refusal = rejected('create', of_hold, labels)
  if refusal then return refusal end
  refuse(broken_vm(vm) or v[7] and broken_job(v[7]))
  -- Its place was chosen when it was held: the build says how.
  local decision = v[7] and explanation(v[7])
  redis.call('ZREM', P .. 'holds', vm)
  redis.call('HDEL', P .. 'vm:' .. vm, 'held_until')
  set_state(vm, v[1], transition('create', v[1], 'accept'), 'name', name, 'image', image_id)
  unindex_vm(vm, 'name', v[9])
  index_vm(vm, 'name', name)
  describe_vm(vm, labels, description)
  give_seed(vm, seed, ssh_keys, user_data, network_config)
  local job = enqueue('create', vm, {v[3], v[4], v[5]}, image_id, v[6] or '', request, of_hold)
  if decision then explain(job, decision) end
  remember(job, vm)
  return {'ok', job, vm}
end
local needs = needs_of(type_id)
if not needs then return {'unknown_type'} end
local conflict = group_conflict(groups)
if conflict then return conflict end
refusal = project_refusal(project, 1, needs)
if refusal then return refusal end
local job
vm, job = new_vm('create', name, uuid, type_id, image_id, needs, constraints, groups, project, labels, description)
give_seed(vm, seed, ssh_keys, user_data, network_config)
enqueue('create', vm, needs, image_id, constraints, request, project, job)
if room_wait_ms ~= '' then redis.call('HSET', P .. 'job:' .. job, 'room_until', whole(now_ms + tonumber(room_wait_ms))) end
remember(job, vm)
return {'ok', job, vm}
