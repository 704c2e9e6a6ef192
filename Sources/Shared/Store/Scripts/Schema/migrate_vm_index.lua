-- Schema 1 to 2, a page of VMs: `hvc:vms:index` has each VM, `hvc:groups` each group, and each VM
-- is of the project `default`, which counts it.
--
-- ARGV worker  the run of the worker that migrates
-- ARGV step    the name of this step
-- ARGV limit   how many VMs at most
-- ARGV vm      the last VM of the page
-- Returns: 0; -1 where another worker has taken over.
--
-- needs: broken_records, groups, migration_lock, projects, vm_index

refuse(wrong_kind('vms'))
if not hold_migration(worker) then return -1 end
for _, id in ipairs(redis.call('ZREVRANGEBYSCORE', P .. 'vms', vm, '-inf', 'LIMIT', 0, limit)) do
  local v = redis.pcall('HMGET', P .. 'vm:' .. id, 'id', 'name', 'state', 'labels', 'groups', 'cpu', 'ram', 'disk')
  if not v.err and v[1] then
    index_vm(id, 'name', v[2], 'state', v[3], 'labels', v[4], 'project', 'default')
    -- A worker that went on where another one was killed may come to it twice.
    if redis.call('HSETNX', P .. 'vm:' .. id, 'project', 'default') == 1 then
      charge('default', 1, {tonumber(v[6]) or 0, tonumber(v[7]) or 0, tonumber(v[8]) or 0})
    end
    for _, g in ipairs(groups_in(v[5])) do list_group(g[1], true) end
  end
end
pass_migration(step, vm)
return 0
