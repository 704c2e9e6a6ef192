-- Forgets an SSH key; VMs that were created with it keep it.
--
-- ARGV project  its project
-- ARGV name     its name
-- ARGV author   who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: 1, or 0 where there is none.
--
-- needs: audit_log, broken_records

local id = project .. '/' .. name
refuse(broken_audit_log() or wrong_kind('ssh-keys'))
local was_listed = redis.call('ZREM', P .. 'ssh-keys', id)
if redis.call('DEL', P .. 'ssh-key:' .. id) + was_listed == 0 then return 0 end
audited('object', 'ssh key ' .. id)
return 1
