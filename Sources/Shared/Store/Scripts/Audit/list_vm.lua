-- Puts a VM that has a record into the list of VMs and into the index by which they are found.
--
-- ARGV vm  the VM
-- Returns: 1, or 0 where it has no record.
--
-- needs: broken_records, vm_index

if redis.call('EXISTS', P .. 'vm:' .. vm) == 0 then return 0 end
refuse(wrong_kind('vm:' .. vm, 'vms', 'vms:index'))
local v = redis.call('HMGET', P .. 'vm:' .. vm, 'name', 'state', 'labels', 'project', 'macs')
redis.call('ZADD', P .. 'vms', vm, vm)
index_vm(vm, 'name', v[1], 'state', v[2], 'labels', v[3], 'project', v[4] or 'default', 'macs', v[5])
return 1
