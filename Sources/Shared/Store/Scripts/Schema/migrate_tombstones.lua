-- Schema 0 to 1: `hvc:gone` is `hvc:tombstones`.
--
-- ARGV worker  the run of the worker that migrates
-- ARGV step    the name of this step
-- Returns: 0; -1 where another worker has taken over.
--
-- needs: broken_records, migration_lock

refuse(wrong_kind('tombstones'))
if not hold_migration(worker) then return -1 end
-- Not RENAME, which is no right that the programs have; what stands there goes when the schema is written.
if redis.call('TYPE', P .. 'gone').ok == 'zset' then
  local found = redis.call('ZRANGE', P .. 'gone', 0, -1, 'WITHSCORES')
  for i = 1, #found, 2 do redis.call('ZADD', P .. 'tombstones', found[i + 1], found[i]) end
end
pass_migration(step, 1)
return 0
