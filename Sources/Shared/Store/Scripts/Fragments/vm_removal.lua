-- `forget_vm(vm)`: frees what the VM claims, forgets the VM, takes it off its project, and wakes the jobs that wait behind it.
--
-- `hvc:tombstones` keeps its UUID for a while, so that a probe of its PM that began before does not take its domain for one
-- whose record was lost.
--
-- needs: claims, groups, projects, time, vm_index, waiting_jobs
-- constants: tombstone_ms

local function forget_vm(vm)
  remove_claim(vm)
  leave_groups(vm)
  local v = redis.call('HMGET', P .. 'vm:' .. vm, 'uuid', 'name', 'state', 'labels', 'project', 'cpu', 'ram', 'disk',
    'macs')
  if v[1] then redis.call('ZADD', P .. 'tombstones', whole(now_ms), v[1]) end
  unindex_vm(vm, 'name', v[2], 'state', v[3], 'labels', v[4], 'project', v[5], 'macs', v[9])
  if v[6] then charge(v[5] or 'default', -1, negative({v[6], v[7] or 0, v[8] or 0})) end
  redis.call('ZREMRANGEBYSCORE', P .. 'tombstones', '-inf', whole(now_ms - tombstone_ms))
  redis.call('DEL', P .. 'vm:' .. vm, P .. 'vm:' .. vm .. ':seed', P .. 'vm:' .. vm .. ':console')
  redis.call('ZREM', P .. 'vms', vm)
  redis.call('ZREM', P .. 'holds', vm)
  wake_waiting(vm)
end
