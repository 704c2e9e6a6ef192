-- Writes a field of a PM that people set, where there is such a PM.
--
-- ARGV pm     the PM
-- ARGV field  the field
-- ARGV value  its value
-- Returns: 1, or 0 where there is no such PM.
--
-- needs: broken_records, events, fleet_version

local key = P .. 'pm:' .. pm
if redis.call('EXISTS', key) == 0 then return 0 end
refuse(wrong_kind('pm:' .. pm, 'fleet', 'events') or broken_counters())
redis.call('HSET', key, field, value)
touch(pm, true)
event('pm.changed', 'pm', pm, 'field', field, 'value', value)
return 1
