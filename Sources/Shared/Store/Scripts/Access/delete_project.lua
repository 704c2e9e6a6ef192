-- Forgets a project that has no VMs, no tokens, no webhooks and no SSH keys.
--
-- ARGV project      its name
-- ARGV if_versions  the versions of which it must have one, as `condition` takes them
-- ARGV author       who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: `{'ok'}`; `{'unknown'}`; `{'changed'}`; `{'in_use', what, count}` with its VMs, or a token, a webhook or an SSH key of
--   it.
--
-- needs: audit_log, broken_records, condition, events

local key = P .. 'project:' .. project
refuse(broken_audit_log() or wrong_kind('project:' .. project, 'projects', 'tokens', 'ssh-keys', 'events',
  'webhooks:project:' .. project)
  or not_whole('project:' .. project, false, 'vms'))
local p = redis.call('HMGET', key, 'created_at', 'version', 'vms')
if not p[1] then return {'unknown'} end
if is_outdated(p[2]) then return {'changed'} end
if tonumber(p[3] or 0) > 0 then return {'in_use', 'vms', p[3]} end
for _, token in ipairs(redis.call('ZRANGE', P .. 'tokens', 0, -1)) do
  if redis.call('HGET', P .. 'token:' .. token, 'project') == project then return {'in_use', 'token', token} end
end
local webhook = redis.call('ZRANGE', P .. 'webhooks:project:' .. project, 0, 0)[1]
if webhook then return {'in_use', 'webhook', webhook} end
local ssh_key = redis.call('ZRANGEBYLEX', P .. 'ssh-keys', '[' .. project .. '/', '(' .. project .. '0', 'LIMIT', 0, 1)[1]
if ssh_key then return {'in_use', 'ssh_key', string.match(ssh_key, '/(.*)$')} end
redis.call('DEL', key)
redis.call('ZREM', P .. 'projects', project)
event('project.deleted', 'project', project)
audited('object', 'project ' .. project)
return {'ok'}
