-- Changes the quotas of a project; what it has already stays.
--
-- ARGV project      its name
-- ARGV if_versions  the versions of which it must have one, as `condition` takes them
-- ARGV author       who asks for it, as `audit_log` takes it; empty for nobody
-- ARGV quotas...    field, value, … of its record, as for a new one; an empty value for no limit
-- Returns: `ok`; `unknown` where there is no such project; `changed` where it has another version.
--
-- when full: refused
-- needs: audit_log, broken_records, condition, events, time

local key = P .. 'project:' .. project
refuse(broken_audit_log() or wrong_kind('project:' .. project, 'projects', 'events'))
local p = redis.call('HMGET', key, 'created_at', 'version')
if not p[1] and project ~= 'default' then return 'unknown' end
if is_outdated(p[2]) then return 'changed' end
redis.call('HSET', key, 'created_at', p[1] or now, 'version', version)
for i = quotas, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', key, ARGV[i]) else redis.call('HSET', key, ARGV[i], ARGV[i + 1]) end
end
redis.call('ZADD', P .. 'projects', 0, project)
event('project.changed', 'project', project)
audited('object', 'project ' .. project, unpack(ARGV, quotas))
return 'ok'
