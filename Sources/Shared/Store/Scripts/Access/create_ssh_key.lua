-- Keeps an SSH key under a name in its project.
--
-- ARGV project      its project
-- ARGV name         its name
-- ARGV public_key   the key, in one line
-- ARGV fingerprint  its fingerprint
-- ARGV limit        how many keys there may be
-- ARGV author       who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: `{'ok'}`; `{'exists'}`; `{'full', count}`; `{'unknown_project'}`.
--
-- when full: refused
-- needs: audit_log, broken_records, time

local id = project .. '/' .. name
refuse(broken_audit_log() or wrong_kind('ssh-key:' .. id, 'ssh-keys'))
if project ~= 'default' and redis.call('EXISTS', P .. 'project:' .. project) == 0 then return {'unknown_project'} end
if redis.call('EXISTS', P .. 'ssh-key:' .. id) == 1 then return {'exists'} end
local there = redis.call('ZCARD', P .. 'ssh-keys')
if there >= tonumber(limit) then return {'full', there} end
redis.call('HSET', P .. 'ssh-key:' .. id, 'project', project, 'name', name, 'key', public_key, 'fingerprint', fingerprint,
  'created_at', now)
redis.call('ZADD', P .. 'ssh-keys', 0, id)
audited('object', 'ssh key ' .. id)
return {'ok'}
