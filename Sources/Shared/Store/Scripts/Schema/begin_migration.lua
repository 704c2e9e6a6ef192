-- Finds out whether the records are of the schema that a worker knows, and has it migrate them where they are older.
--
-- A Redis without any record of ours is of the worker's schema from then on.
--
-- ARGV worker  the run of a worker that asks
-- ARGV known   the schema that it knows
-- Returns: `{'current'}`; `{'newer', schema}`; `{'busy', schema, worker}` where another one migrates right now;
--   `{'migrate', schema, step, cursor}` where it is to go on with a step behind a cursor, both empty at the beginning.
--
-- needs: schema, time
-- constants: migration_lock_ms

local key = P .. 'schema:migration'
local schema = tonumber(redis.call('GET', P .. 'schema') or '')
if not schema then
  local records = redis.call('EXISTS', P .. 'counters', P .. 'pm:numbers', P .. 'pms', P .. 'vms', P .. 'queue', P .. 'types')
  if records == 0 then
    write_schema(known)
    return {'current'}
  end
  schema = 0
end
if schema == tonumber(known) then return {'current'} end
if schema > tonumber(known) then return {'newer', schema} end
local m = redis.call('HMGET', key, 'worker', 'until', 'step', 'cursor')
if m[1] and m[1] ~= worker and tonumber(m[2] or 0) > now_ms then return {'busy', schema, m[1]} end
redis.call('HSET', key, 'worker', worker, 'until', whole(now_ms + migration_lock_ms), 'from', schema, 'to', known)
redis.call('HSETNX', key, 'began_at', now)
return {'migrate', schema, m[3] or '', m[4] or ''}
