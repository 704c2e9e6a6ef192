-- Puts a VM that has a record into the index of VMs.
--
-- ARGV vm  the VM
-- Returns: 1, or 0 where it has no record.

if redis.call('EXISTS', P .. 'vm:' .. vm) == 0 then return 0 end
redis.call('ZADD', P .. 'vms', vm, vm)
return 1
