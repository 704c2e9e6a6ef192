-- Puts a job that was given up back to its place in the queue; it goes on at the first step that has no end.
--
-- ARGV job     the job
-- ARGV author  who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: `{'ok'}`; `{'unknown_job'}`; `{'not_dead', state}`; `{'unknown_vm'}`; `{'under_way', job}` where another job of the
--   VM is; `{'wrong_state', state}` where it cannot begin in the VM's state.
--
-- needs: audit_log, broken_records, dead_letters, events, operations, queue, time, vm_state

local key = P .. 'job:' .. job
refuse(broken_audit_log() or broken_job(job))
local j = redis.call('HMGET', key, 'state', 'kind', 'vm', 'entry')
local kind, vm = j[2], j[3]
if not j[1] then return {'unknown_job'} end
if j[1] ~= 'dead' then return {'not_dead', j[1]} end
local op = operation(kind)
refuse(lacks('job:' .. job, j, '', '', 'vm', 'entry') or not op and key .. ' is of an operation that there is not')
local v, problem = read_vm(vm)
refuse(problem or wrong_kind('dead', 'jobs:ended', 'queue:returned', 'queue:direct', 'events'))
if not v.id then return {'unknown_vm'} end
if v.job then return {'under_way', v.job} end
local state = transition(kind, v.state, 'start') and v.state or op.initial
if not state or not may_become(v.state, state) and v.state ~= state then return {'wrong_state', v.state} end
take_dead_letter(job)
set_state(vm, v.state, state, op.job_field, job, 'settled_at', now)
redis.call('HDEL', P .. 'vm:' .. vm, 'error')
redis.call('HSET', key, 'state', 'queued', 'handed_back', 'people had it tried again')
redis.call('HDEL', key, 'finished_at', 'error_code', 'error', 'cause', 'crashes', 'tries')
redis.call('PERSIST', key)
redis.call('PERSIST', key .. ':steps')
redis.call('PERSIST', key .. ':explanation')
put_back(j[4], job)
event('job.queued', 'job', job, 'vm', vm, 'why', 'people had it tried again')
audited('vm', vm, 'job', job)
return {'ok'}
