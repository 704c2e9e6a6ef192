-- `start_again(vm, pm, delay_ms, job_floor)`: puts a start of the VM off for a time, unless one or a destroy is on its way.
--
-- needs: counters, deferral, events, job_index, time

local function start_again(vm, pm, delay_ms, job_floor)
  local key = P .. 'vm:' .. vm
  local v = redis.call('HMGET', key, 'destroy_job', 'start_job', 'project')
  local state = v[2] and redis.call('HGET', P .. 'job:' .. v[2], 'state')
  if v[1] or state and state ~= 'done' and state ~= 'failed' and state ~= 'dead' then return end
  local project = v[3] or 'default'
  local job, why = whole(count('job', job_floor)), 'it was found switched off'
  local line = string.format('{"job":%s,"kind":"start","vm":%s,"cpu":0,"ram":0,"disk":0}', job, vm)
  redis.call('HSET', key, 'start_job', job)
  redis.call('HSET', P .. 'job:' .. job, 'id', job, 'kind', 'start', 'vm', vm, 'pm', pm, 'entry', line,
    'accepted_at', now, 'request', '', 'project', project, 'put_off', why)
  index_job(job, vm, '', project)
  defer(job, pm, delay_ms)
  event('job.delayed', 'job', job, 'kind', 'start', 'vm', vm, 'pm', pm, 'why', why)
end
