-- Reads a batch with its jobs and VMs.
--
-- ARGV batch  the batch
-- Returns: `{HGETALL of its record, {{job, state, entry, nonce, error_code, error, cause, vm, vm_state, pm, tried, problem},
--   …}}`; what there is not, and what cannot be read, is empty; `problem` says what is broken of the job or the VM.
--
-- when full: nothing is written
-- needs: broken_records

refuse(wrong_kind('batch:' .. batch))
local record, members = redis.call('HGETALL', P .. 'batch:' .. batch), {}
local lists = redis.call('HMGET', P .. 'batch:' .. batch, 'jobs', 'vms')
local vms = {}
for vm in string.gmatch(lists[2] or '', '%d+') do vms[#vms + 1] = vm end
for job in string.gmatch(lists[1] or '', '%d+') do
  local vm = vms[#members + 1] or ''
  local j = redis.pcall('HMGET', P .. 'job:' .. job, 'state', 'entry', 'nonce', 'error_code', 'error', 'cause', 'tried')
  local v, problem = read_vm(vm)
  if j.err then j, problem = {}, problem or P .. 'job:' .. job .. ' must be a hash' end
  v = v or {}
  members[#members + 1] = {job, j[1] or '', j[2] or '', j[3] or '', j[4] or '', j[5] or '', j[6] or '', vm, v.state or '',
    v.pm or '', j[7] or '', problem or broken_job(job) or ''}
end
return {record, members}
