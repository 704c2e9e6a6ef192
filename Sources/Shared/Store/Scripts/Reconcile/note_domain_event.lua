-- Has a PM probed soon since something happened to a domain there that no job of ours explains.
--
-- ARGV pm      the PM
-- ARGV uuid    the domain's UUID
-- ARGV domain  the domain's name
-- ARGV what    `defined`, `undefined`, `started`, `stopped`, `paused`, `resumed`, `crashed`, or `lost` where events may
--   have been missed
-- Returns: 1, or 0 where the records know of it.
--
-- needs: broken_records, events, probe_schedule

local vm = string.match(domain, '^hvc%-(%d+)%-%x+$')
local v = vm and redis.call('HMGET', P .. 'vm:' .. vm, 'uuid', 'pm', 'job', 'state') or {}
if v[1] == uuid and v[2] == pm then
  if v[3] then return 0 end
  if (what == 'started' or what == 'resumed') and v[4] == 'running' or what == 'paused' and v[4] == 'paused'
    or (what == 'stopped' or what == 'crashed') and (v[4] == 'stopped' or v[4] == 'crashed')
    or what == 'defined' and v[4] ~= 'missing' or what == 'undefined' and v[4] == 'missing' then
    return 0
  end
elseif redis.call('ZSCORE', P .. 'tombstones', uuid) then
  return 0
end
refuse(wrong_kind('discovery', 'events', 'pm:' .. pm))
probe_soon(pm)
event('pm.due', 'pm', pm, 'domain', domain, 'what', what)
return 1
