-- Makes a webhook, to which events are sent from now on.
--
-- ARGV name           what people call it
-- ARGV url            where events are sent
-- ARGV types          the types of events, with commas between; empty for all
-- ARGV secret         what signs the messages
-- ARGV project        the only project whose events are sent; empty for all events
-- ARGV limit          how many webhooks there may be
-- ARGV project_limit  how many of them may be those of one project
-- ARGV author         who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: `{'ok', id, created_at}`; `{'full', count}`; `{'unknown_project', project}`.
--
-- when full: refused
-- needs: audit_log, broken_records, counters, events, time

refuse(broken_audit_log() or wrong_kind('webhooks', 'events') or broken_counters() or not_whole('counters', false, 'webhook'))
local there = redis.call('ZCARD', P .. 'webhooks')
if there >= tonumber(limit) then return {'full', there} end
local list = P .. 'webhooks:project:' .. project
if project ~= '' then
  refuse(wrong_kind('webhooks:project:' .. project, 'project:' .. project))
  if project ~= 'default' and redis.call('EXISTS', P .. 'project:' .. project) == 0 then return {'unknown_project', project} end
  there = redis.call('ZCARD', list)
  if there >= tonumber(project_limit) then return {'full', there} end
end
local id
-- A counter that was lost gives no number again that a webhook has.
repeat id = whole(count('webhook')) until redis.call('EXISTS', P .. 'webhook:' .. id) == 0
event('webhook.created', 'webhook', id, 'name', name)
local last = redis.call('XREVRANGE', P .. 'events', '+', '-', 'COUNT', 1)[1][1]
redis.call('HSET', P .. 'webhook:' .. id, 'id', id, 'name', name, 'url', url, 'types', types, 'secret', secret,
  'state', 'active', 'created_at', now, 'position', last, 'deliveries', 0)
redis.call('ZADD', P .. 'webhooks', id, id)
if project ~= '' then
  redis.call('HSET', P .. 'webhook:' .. id, 'project', project)
  redis.call('ZADD', list, id, id)
end
audited('object', 'webhook ' .. id, 'url', url)
return {'ok', id, now}
