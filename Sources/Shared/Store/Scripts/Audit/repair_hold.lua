-- Has a hold end at its time, and what is no hold not at all.
--
-- ARGV vm          the VM that is held, or is not
-- ARGV held_until  when it ends by its record
-- ARGV ends_ms     the same in ms
-- Returns: 1 where it is a hold.

local v = redis.call('HMGET', P .. 'vm:' .. vm, 'state', 'held_until')
if v[1] == 'held' and v[2] == held_until then
  redis.call('ZADD', P .. 'holds', ends_ms, vm)
  return 1
end
redis.call('ZREM', P .. 'holds', vm)
return 0
