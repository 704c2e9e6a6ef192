-- Accepts a destroy: all or nothing of job record, queue entry and event.
--
-- ARGV vm         the VM
-- ARGV request    the id of the HTTP request
-- ARGV subject    `hold` where it is to be a hold that nobody builds, else empty
-- ARGV nonce      tells the job from any other, in any history of Redis
-- ARGV job_floor  the highest number of a job that the caller has seen
-- ARGV vm_floor   the highest number of a VM that the caller has seen
-- Returns: `{'ok', job, vm}`, `{'unknown_vm'}`, `{'unknown_hold'}`, `{'already_destroying', job}` with the job under
--   way, or `{'not_ready'}` where the VM may be one of before.
--
-- needs: acceptance, broken_records, readiness

local key = P .. 'vm:' .. vm
refuse(wrong_kind('queue', 'events', 'vm:' .. vm) or broken_counters())
if redis.call('EXISTS', key) == 0 then return {is_ready() and 'unknown_vm' or 'not_ready'} end
local v = redis.call('HMGET', key, 'destroy_job', 'state')
local earlier = v[1]
if subject == 'hold' and (earlier or v[2] ~= 'held') then return {'unknown_hold'} end
if earlier then return {'already_destroying', earlier} end
return {'ok', enqueue('destroy', vm, {0, 0, 0}, nil, '', request, 'destroy_job'), vm}
