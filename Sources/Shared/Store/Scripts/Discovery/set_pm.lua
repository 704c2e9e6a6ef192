-- Writes a field of a PM that people set, where there is such a PM and its settings are those that the caller knows.
--
-- ARGV pm           the PM
-- ARGV if_versions  the versions of which its settings must have one, as `condition` takes them
-- ARGV field        the field
-- ARGV value        its value
-- ARGV author       who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: `ok`; `unknown` where there is no such PM; `changed` where its settings have another version.
--
-- needs: audit_log, broken_records, condition, events, fleet_version, time

local key = P .. 'pm:' .. pm
refuse(broken_audit_log() or wrong_kind('pm:' .. pm, 'fleet', 'events') or broken_counters())
local m = redis.call('HMGET', key, 'id', 'settings_version')
if not m[1] then return 'unknown' end
if is_outdated(m[2]) then return 'changed' end
redis.call('HSET', key, field, value, 'settings_version', version)
touch(pm, true)
event('pm.changed', 'pm', pm, 'field', field, 'value', value)
audited('pm', pm, 'field', field, 'value', value)
return 'ok'
