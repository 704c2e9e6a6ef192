-- `move(vm, from, to, before, state, probed_at)`: the VM, whose record has the state `before`, and its claim are another PM's from now on.
--
-- needs: broken_records, claims, events, probe_schedule, time, vm_state

local function move(vm, from, to, before, state, probed_at)
  local key = P .. 'vm:' .. vm
  refuse(wrong_kind('events', 'fleet', 'discovery', 'queue:returned', 'queue:direct', 'vms') or broken_counters() or broken_vm(vm)
    or broken_pm(from, vm) or broken_pm(to, vm) or wrong_change(vm, before, state))
  remove_claim(vm)
  set_state(vm, before, state, 'pm', to, 'placed_at', now, 'settled_at', probed_at)
  redis.call('HDEL', key, 'also_on', 'also_on_at', 'duplicate', 'state_reason')
  if state == 'running' then redis.call('HSET', key, 'running_at', probed_at) end
  add_claim(vm, to)
  probe_soon(to)
  event('vm.moved', 'vm', vm, 'pm', to, 'from', from, 'state', state)
end
