-- Changes what its owner says of a VM.
--
-- ARGV vm           the VM
-- ARGV if_versions  the versions of which it must have one, as `condition` takes them
-- ARGV project      the project of which it must be; empty for any
-- ARGV author       who asks for it, as `audit_log` takes it; empty for nobody
-- ARGV fields...    field, value, …: `name`, `labels` as `key=value,…`, `description`; those two may be empty
-- Returns: `ok`; `unknown` where there is no such VM; `changed` where it has another version.
--
-- when full: refused
-- needs: audit_log, broken_records, condition, events, time, vm_index

local key = P .. 'vm:' .. vm
refuse(broken_audit_log() or wrong_kind('vm:' .. vm, 'events'))
local v = redis.call('HMGET', key, 'id', 'version', 'name', 'labels', 'project')
if not v[1] or project ~= '' and project ~= (v[5] or 'default') then return 'unknown' end
if is_outdated(v[2]) then return 'changed' end
local before, changed = {name = v[3], labels = v[4]}, {}
redis.call('HSET', key, 'version', version)
for i = fields, #ARGV, 2 do
  local field, value = ARGV[i], ARGV[i + 1]
  unindex_vm(vm, field, before[field])
  if value == '' then redis.call('HDEL', key, field) else redis.call('HSET', key, field, value) end
  index_vm(vm, field, value)
  changed[#changed + 1] = field
end
event('vm.changed', 'vm', vm, 'fields', table.concat(changed, ','))
audited('vm', vm, 'fields', table.concat(changed, ','))
return 'ok'
