-- Notes that the records are of the next schema.
--
-- ARGV worker  the run of the worker that migrates
-- ARGV schema  the schema that they are of now
-- Returns: 1, or 0 where another one has taken over.
--
-- needs: broken_records, events, migration_lock, schema

refuse(wrong_kind('events'))
if not hold_migration(worker) then return 0 end
write_schema(schema)
redis.call('DEL', P .. 'schema:migration')
event('schema.migrated', 'schema', schema)
return 1
