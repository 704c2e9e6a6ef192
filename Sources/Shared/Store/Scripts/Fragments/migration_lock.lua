-- `hold_migration(worker)`: goes on as the one who migrates; false where another one has taken over.
--
-- `pass_migration(step, cursor)`: notes that the step is done up to there, so that nobody does it again.
--
-- needs: time
-- constants: migration_lock_ms

local function hold_migration(worker)
  local key = P .. 'schema:migration'
  if redis.call('HGET', key, 'worker') ~= worker then return false end
  redis.call('HSET', key, 'until', whole(now_ms + migration_lock_ms))
  return true
end
local function pass_migration(step, cursor)
  redis.call('HSET', P .. 'schema:migration', 'step', step, 'cursor', cursor)
end
