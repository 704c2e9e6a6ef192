-- Accepts several creates: all or nothing, in one place in the order of the queue.
--
-- ARGV is_atomic        `1` where their VMs get their places together or not at all
-- ARGV room_wait_ms     how long they wait for room where there is none; empty for not at all
-- ARGV project          their project
-- ARGV request          the id of the HTTP request
-- ARGV queue_limit      how many jobs may be queued
-- ARGV nonce            distinguishes the jobs from any other, in any history of Redis
-- ARGV job_floor        the highest number of a job that the caller has seen
-- ARGV vm_floor         the highest number of a VM that the caller has seen
-- ARGV idempotency_key  the client's own key for the request, with what it is of; empty for none
-- ARGV fingerprint      what distinguishes the request from another one with that key
-- ARGV trace            the traceparent of the HTTP request; may be empty
-- ARGV author           who asks for it, as `audit_log` takes it; empty for nobody
-- ARGV creates...       for each VM twelve: name, uuid, type, image, constraints as JSON, groups as `name=rule,…`, labels as
--   `key=value,…`, description, seed, SSH keys, user data, network config
-- Returns: `{'ok', job, vm, job, vm, …}`; all else as for one create, with the first job and VM. The batch has the number of
--   its first job.
--
-- when full: refused
-- needs: acceptance, audit_log, batches, broken_records, groups, guest_seed, idempotency, projects, queue_limit, queue_rules
-- needs: readiness, time

local earlier = replay()
if earlier then return earlier end
local unready = not_ready()
if unready then return {unready} end
refuse(broken_audit_log() or wrong_kind('events', 'vms') or broken_batches(project))
local width = 12
local number = (#ARGV - creates + 1) / width
local refusal = queue_full(number)
if refusal then return refusal end
local needs, rules, sum = {}, {}, {0, 0, 0}
for i = creates, #ARGV, width do
  local tid, iid, groups = ARGV[i + 2], ARGV[i + 3], ARGV[i + 5]
  if redis.call('HGET', P .. 'image:' .. iid, 'listed') ~= '1' then return {'unknown_image', iid} end
  needs[tid] = needs[tid] or needs_of(tid)
  if not needs[tid] then return {'unknown_type', tid} end
  for amount = 1, 3 do sum[amount] = sum[amount] + tonumber(needs[tid][amount]) end
  refusal = group_conflict(groups) or rejected('create', project, ARGV[i + 6])
  if refusal then return refusal end
  for _, g in ipairs(groups_in(groups)) do
    if rules[g[1]] and rules[g[1]] ~= g[2] then return {'group_conflict', g[1], rules[g[1]]} end
    rules[g[1]] = g[2]
  end
end
refusal = project_refusal(project, number, sum)
if refusal then return refusal end
local answer, jobs, vms, batch = {'ok'}, {}, {}, nil
for i = creates, #ARGV, width do
  local name, uuid, tid, iid, constraints, groups, labels, description = unpack(ARGV, i, i + 7)
  local vm, job = new_vm('create', name, uuid, tid, iid, needs[tid], constraints, groups, project, labels, description)
  give_seed(vm, unpack(ARGV, i + 8, i + 11))
  enqueue('create', vm, needs[tid], iid, constraints, request, project, job, is_atomic == '1' and (batch or 'first'))
  batch = batch or job
  redis.call('HSET', P .. 'job:' .. job, 'batch', batch)
  if room_wait_ms ~= '' then redis.call('HSET', P .. 'job:' .. job, 'room_until', whole(now_ms + tonumber(room_wait_ms))) end
  jobs[#jobs + 1], vms[#vms + 1] = job, vm
  answer[#answer + 1], answer[#answer + 2] = job, vm
end
add_batch(batch, is_atomic, jobs, vms, request, project)
remember(jobs[1], vms[1])
return answer
