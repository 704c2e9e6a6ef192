-- Makes a project.
--
-- ARGV project    its name
-- ARGV limit      how many projects there may be
-- ARGV author     who asks for it, as `audit_log` takes it; empty for nobody
-- ARGV quotas...  field, value, … of its record: `quota_vms`, `quota_cpu`, `quota_ram`, `quota_disk`
-- Returns: `{'ok'}`; `{'exists'}`; `{'full', count}`.
--
-- when full: refused
-- needs: audit_log, broken_records, events, time

local key = P .. 'project:' .. project
refuse(broken_audit_log() or wrong_kind('project:' .. project, 'projects', 'events'))
if project == 'default' or redis.call('EXISTS', key) == 1 then return {'exists'} end
local there = redis.call('ZCARD', P .. 'projects')
if there >= tonumber(limit) then return {'full', there} end
redis.call('HSET', key, 'created_at', now, 'version', version, unpack(ARGV, quotas))
redis.call('ZADD', P .. 'projects', 0, project)
event('project.created', 'project', project)
audited('object', 'project ' .. project, unpack(ARGV, quotas))
return {'ok'}
