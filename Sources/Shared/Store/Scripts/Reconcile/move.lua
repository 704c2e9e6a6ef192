-- Writes that a VM's domain is on another PM than its record says, or on one though it was not placed yet.
--
-- ARGV pm         the PM that was probed
-- ARGV probed_ms  when the probe began, ms
-- ARGV vm         the VM
-- ARGV uuid       its UUID
-- ARGV from       the PM of the record; empty for none
-- ARGV state      the state that was found
-- Returns: 1, or 0 where the finding is not of what the record says now.
--
-- needs: observation, time, vm_move

local probed_at, before, after = iso(tonumber(probed_ms)), 'missing', state
if from == '' then
  -- A create that nobody has placed by the records goes on where its domain is.
  local v = redis.call('HMGET', P .. 'vm:' .. vm, 'uuid', 'pm', 'state', 'settled_at')
  if v[1] ~= uuid or v[2] or v[3] ~= 'queued' or (v[4] or '') > probed_at then return 0 end
  before, after = 'queued', 'queued'
elseif not is_current(vm, uuid, from, before, probed_at) then
  return 0
end
move(vm, from, pm, before, after, probed_at)
return 1
