-- Keeps a token that was made: its digest, never the token itself.
--
-- ARGV name        what people call it
-- ARGV role        what it may do
-- ARGV project     the only project that it is for; empty for all
-- ARGV digest      the SHA-256 of the token in hexadecimal digits
-- ARGV lifetime_s  for how many seconds it is taken; empty for ever
-- ARGV limit       how many tokens there may be
-- ARGV author      who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: `{'ok', id, created_at, expires_at}`, where `expires_at` is in ms since 1970 and empty for never;
--   `{'full', count}`; `{'unknown_project', project}`.
--
-- when full: refused
-- needs: audit_log, broken_records, counters, events, time

refuse(broken_audit_log() or wrong_kind('tokens', 'events') or broken_counters() or not_whole('counters', false, 'token'))
local there = redis.call('ZCARD', P .. 'tokens')
if there >= tonumber(limit) then return {'full', there} end
if project ~= '' and project ~= 'default' then
  refuse(wrong_kind('project:' .. project))
  if redis.call('EXISTS', P .. 'project:' .. project) == 0 then return {'unknown_project', project} end
end
local id
-- A counter that was lost gives no number again that a token has.
repeat id = whole(count('token')) until redis.call('EXISTS', P .. 'token:' .. id) == 0
local expires = lifetime_s ~= '' and whole(now_ms + 1000 * tonumber(lifetime_s)) or ''
redis.call('HSET', P .. 'token:' .. id, 'id', id, 'name', name, 'role', role, 'digest', digest, 'created_at', now,
  'expires_ms', expires)
if project ~= '' then redis.call('HSET', P .. 'token:' .. id, 'project', project) end
redis.call('ZADD', P .. 'tokens', id, id)
event('token.created', 'token', id, 'name', name, 'role', role)
audited('object', 'token ' .. id, 'role', role)
return {'ok', id, now, expires}
