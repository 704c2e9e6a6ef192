-- Makes the PM file's lines the listed PMs; a known address keeps its number, a removed one's is not given again.
--
-- Nothing is done about those that are listed as they were and up, as most are when a worker starts: everybody who
-- follows the fleet would read them all anew, and all would be probed at once.
--
-- ARGV period_ms  within which the next probe comes at those that are up and listed as they were
-- ARGV pms...     for each PM twelve: address, URI, pool, domain type, overcommit of cpu, ram, disk, reserve of cpu,
--   ram, disk, tags, network
-- Returns: the numbers, in the file's order.
--
-- needs: broken_records, catalog_numbers, events, fleet_version, identities, probe_schedule, readiness, recount, time

local names = {'address', 'uri', 'pool', 'domain_type_wanted', 'overcommit_cpu', 'overcommit_ram',
  'overcommit_disk', 'reserve_cpu', 'reserve_ram', 'reserve_disk', 'tags', 'network'}
local ids, listed = {}, {}
local latest = whole(now_ms + tonumber(period_ms))
local function stays(pm, at)
  local known = redis.call('HMGET', P .. 'pm:' .. pm, 'listed', 'state', 'looking_until', unpack(names))
  if known[1] ~= '1' or known[2] ~= 'up' then return false end
  for i = 1, #names do
    if known[i + 3] ~= ARGV[at + i - 1] then return false end
  end
  redis.call('ZADD', P .. 'pms', pm, pm)
  if tonumber(known[3] or 0) <= now_ms then
    redis.call('ZADD', P .. 'discovery', 'LT', latest, pm)
  end
  return true
end
-- Claims of another type stay for the probe, which says so.
local function recount_claims(pm)
  if not wrong_kind('pm:' .. pm .. ':claims') then recount(pm) end
end
local function take(pm, at)
  local is_lost = redis.call('HEXISTS', P .. 'pm:' .. pm, 'address') == 0
  if is_lost or redis.call('HGET', P .. 'pm:' .. pm, 'listed') ~= '1' then
    -- New, or back: what was known of it before it was taken off the list is old.
    redis.call('HSET', P .. 'pm:' .. pm, 'state', 'unknown', 'reason', 'not probed yet')
    redis.call('HDEL', P .. 'pm:' .. pm, 'checked_at', 'looking_until', 'alias_of', 'identity', 'identified_at',
      'reached_by', 'reached_at', 'probe_failures')
    redis.call('ZREM', P .. 'discovery:down', pm)
    redis.call('ZADD', P .. 'discovery', 0, pm)
  end
  local fields = {'id', pm, 'listed', 1, 'settings_version', version}
  for i, name in ipairs(names) do
    fields[#fields + 1], fields[#fields + 2] = name, ARGV[at + i - 1]
  end
  redis.call('HSET', P .. 'pm:' .. pm, unpack(fields))
  redis.call('ZADD', P .. 'pms', pm, pm)
  if not schedule_of(pm) then redis.call('ZADD', P .. 'discovery', 0, pm) end
  probe_soon(pm)
  touch(pm, true)
  -- Its record was lost, and its VMs still have their claims.
  if is_lost and redis.call('EXISTS', P .. 'pm:' .. pm .. ':claims') == 1 then recount_claims(pm) end
end

refuse(wrong_kind('pms', 'discovery', 'discovery:down', 'fleet', 'events', 'vms', 'identities'))
begin('pm', function(pm) return wrong_kind('pm:' .. pm, 'pm:' .. pm .. ':claims', 'pm:' .. pm .. ':delayed') end)
for at = pms, #ARGV, #names do
  local pm = number('pm', ARGV[at], 1)
  ids[#ids + 1], listed[pm] = pm, true
  local is_broken = broken_pm(pm)
  if is_broken or not stays(pm, at) then take(pm, at) end
  if is_broken then recount_claims(pm) end
end
for _, pm in ipairs(redis.call('ZRANGE', P .. 'pms', 0, -1)) do
  if not listed[pm] then
    redis.call('HSET', P .. 'pm:' .. pm, 'listed', 0)
    redis.call('ZREM', P .. 'pms', pm)
    redis.call('ZREM', P .. 'discovery', pm)
    redis.call('ZREM', P .. 'discovery:down', pm)
    touch(pm, false)
    -- One of the machine's other addresses stands for it from the next probe on.
    for _, other in ipairs(leave_identity(pm, redis.call('HGET', P .. 'pm:' .. pm, 'identity'))) do
      probe_soon(other)
    end
  end
end
event('catalog.changed', 'kind', 'pm')
mark_ready()
return ids
