-- `set_state(vm, from, to, field, value, …)`: writes a VM's state, with other fields of its record. No script writes it in
-- another way. A VM that is new is indexed by all of them.
--
-- It refuses a change that no operation and no probe makes. `wrong_change(vm, from, to)` says so before a script writes
-- anything: what is wrong, or nil; `none` and `gone` stand for no record.
--
-- `state_after(kind, moment, state, before)`: what the VM becomes at a moment of a job that found it in state `before`,
-- or in the present `state` where that is nil. A state that somebody wrote by hand meanwhile stays, where the table has
-- no change from it.
--
-- needs: broken_records, operations, time, vm_index

local function wrong_change(vm, from, to)
  if from ~= to and not may_become(from, to) then
    return P .. 'vm:' .. vm .. ' has the state ' .. tostring(from) .. ', from which none becomes ' .. tostring(to)
  end
end
local function set_state(vm, from, to, ...)
  refuse(wrong_change(vm, from, to))
  redis.call('HSET', P .. 'vm:' .. vm, 'state', to, 'version', version, ...)
  if from == 'none' then return index_vm(vm, 'state', to, ...) end
  if from == to then return end
  unindex_vm(vm, 'state', from)
  index_vm(vm, 'state', to)
end
local function state_after(kind, moment, state, before)
  local after = transition(kind, before or state, moment)
  if after and (after == state or may_become(state, after)) then return after end
  return state
end
