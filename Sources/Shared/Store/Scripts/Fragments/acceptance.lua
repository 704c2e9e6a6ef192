-- `needs_of(type)`, `group_conflict(groups)`; `new_vm(…)`, which counts the VM in its project and returns it with the number of
-- the job that is to make it; `describe_vm(vm, labels, description)`; `enqueue(…)`, which returns the job, and takes a number
-- for it where none is given. One of an atomic batch names that in its entry; `first` is for the one that gives the batch its
-- number.
--
-- uses: nonce, job_floor, vm_floor, trace, author
-- needs: audit_log, broken_records, counters, events, groups, job_index, operations, projects, queue, time
-- needs: vm_index, vm_state

local function needs_of(tid)
  local t = redis.call('HMGET', P .. 'type:' .. tid, 'cpu', 'ram', 'disk', 'listed')
  if t[4] ~= '1' then return nil end
  for i = 1, 3 do
    if not t[i] or not is_whole(t[i]) then refuse(not_whole('type:' .. tid, true, 'cpu', 'ram', 'disk')) end
  end
  return {t[1], t[2], t[3]}
end
local function group_conflict(text)
  for _, g in ipairs(groups_in(text)) do
    refuse(not_whole('group:' .. g[1], false, 'members', 'placed'))
    local rule = redis.call('HGET', P .. 'group:' .. g[1], 'rule')
    if rule and rule ~= g[2] then return {'group_conflict', g[1], rule} end
  end
end
-- By the UUID, which is drawn: so those of two installations on one network hardly meet. Where a VM of this one has it
-- already, the next free one.
local function draw_macs(uuid, count)
  local macs, number = {}, tonumber(string.sub(uuid, -6), 16) or 0
  while #macs < count do
    local mac = string.format('52:54:00:%02x:%02x:%02x', math.floor(number / 65536), math.floor(number / 256) % 256,
      number % 256)
    if not has_mac(mac) then macs[#macs + 1] = mac end
    number = (number + 1) % 16777216
  end
  return table.concat(macs, ',')
end
local function cards(constraints)
  if not string.find(constraints, '"networks"', 1, true) then return 1 end
  local is_json, asked = pcall(cjson.decode, constraints)
  return is_json and type(asked) == 'table' and type(asked.networks) == 'table' and #asked.networks or 1
end
local function new_vm(kind, name, uuid, tid, iid, needs, constraints, groups, project, labels, description)
  local vm, job = count_vm_and_job(vm_floor, job_floor)
  local op = operation(kind)
  local fields = {'id', vm, 'uuid', uuid, 'name', name, 'type', tid, 'image', iid, 'cpu', needs[1], 'ram', needs[2],
    'disk', needs[3], 'domain', 'hvc-' .. vm .. '-' .. string.sub(uuid, 1, 8), 'project', project, 'created_at', now,
    'macs', draw_macs(uuid, cards(constraints)), op.job_field, job}
  local function add(field, value)
    if value ~= '' then fields[#fields + 1], fields[#fields + 2] = field, value end
  end
  add('where', constraints)
  add('groups', groups)
  add('labels', labels)
  add('description', description)
  set_state(vm, 'none', op.initial, unpack(fields))
  charge(project, 1, needs)
  if groups ~= '' then join_groups(vm) end
  redis.call('ZADD', P .. 'vms', vm, vm)
  return vm, job
end
local function describe_vm(vm, labels, description)
  local key = P .. 'vm:' .. vm
  if description ~= '' then redis.call('HSET', key, 'description', description) end
  if labels == '' then return end
  redis.call('HSET', key, 'labels', labels)
  index_vm(vm, 'labels', labels)
end
local function enqueue(kind, vm, needs, image, constraints, request, project, new_job, batch)
  local job = new_job or whole(count('job', job_floor))
  if batch == 'first' then batch = job end
  local line = string.format('{"job":%s,"kind":"%s","vm":%s,"cpu":%s,"ram":%s,"disk":%s%s%s%s}',
    job, kind, vm, needs[1], needs[2], needs[3], image and ',"image":' .. image or '',
    batch and ',"batch":' .. batch or '', constraints ~= '' and ',"where":' .. constraints or '')
  if not new_job then redis.call('HSET', P .. 'vm:' .. vm, operation(kind).job_field, job, 'version', version) end
  redis.call('HSET', P .. 'job:' .. job, 'id', job, 'kind', kind, 'vm', vm, 'state', 'queued',
    'accepted_at', now, 'request', request, 'project', project, 'nonce', nonce, 'entry', line)
  index_job(job, vm, request, project)
  if trace ~= '' then redis.call('HSET', P .. 'job:' .. job, 'traceparent', trace) end
  push(line, kind)
  event('job.queued', 'job', job, 'kind', kind, 'vm', vm)
  audited('kind', kind, 'vm', vm, 'job', job)
  return job
end
