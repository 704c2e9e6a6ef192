-- `move(vm, from, to, state, looked)`: the VM and its room are another PM's from now on.
--
-- needs: broken_records, claims, events, probe_schedule, time

local function move(vm, from, to, state, looked)
  local key = P .. 'vm:' .. vm
  refuse(wrong_kind('events', 'fleet', 'discovery', 'queue', 'vms') or broken_counters() or broken_vm(vm)
    or broken_pm(from, vm) or broken_pm(to, vm))
  remove_claim(vm)
  redis.call('HSET', key, 'pm', to, 'placed_at', now, 'state', state, 'settled_at', looked)
  redis.call('HDEL', key, 'also_on', 'also_on_at', 'duplicate', 'state_reason')
  if state == 'running' then redis.call('HSET', key, 'running_at', looked) end
  add_claim(vm, to)
  probe_soon(to)
  event('vm.moved', 'vm', vm, 'pm', to, 'from', from, 'state', state)
end
