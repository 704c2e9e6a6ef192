-- Writes what a look at a PM found and sets the time of the next one.
--
-- A good look takes one off the PM's recent failures, every 30 s at most; a PM that is up again gets the jobs that were put off.
-- Where the set of its VMs is not as large as its record says, or `hvc:vms` was lost, both are made anew.
-- A look that failed is noted for its worker. It changes nothing else where another worker that lives has reached the
-- PM lately; while one has not tried, the PM is due for that one. An alias stays one, and gets no figures.
--
-- ARGV pm            the PM
-- ARGV next_ms       until the next probe
-- ARGV is_measured   `1` where figures were measured
-- ARGV inventory_ms  a time before all of its domains were read, ms; empty where they were not
-- ARGV worker        who probed it; may be empty
-- ARGV window_ms     for how long it counts that a worker has reached the PM
-- ARGV found...      field, value, …; none of them is a claim's
-- Returns: `{state, reason}` as they are written now, `{state, reason, 1}` where the look changed nothing; empty where
--   the PM is no longer known.
--
-- needs: alias_record, broken_records, deferral, events, fleet_version, headroom, identities, readiness, recount, time
-- needs: unreached

local key = P .. 'pm:' .. pm
refuse(broken_pm(pm) or wrong_kind('discovery', 'fleet', 'events', 'delayed', 'queue', 'pms', 'vms',
  'identities', 'pm:' .. pm .. ':unreached') or broken_counters())
if redis.call('HEXISTS', key, 'address') == 0 then return {} end
local known = redis.call('HMGET', key, 'state', 'reason', 'reached_by', 'reached_at', 'alias_of', 'identity',
  'listed')
local state, before, fields = known[1], room_in(read_room(pm)) or {0, 0, 0}, {}
for i = found, #ARGV, 2 do fields[ARGV[i]] = ARGV[i + 1] end

local is_others = false
if worker ~= '' and fields.state == 'up' then
  redis.call('HSET', key, 'reached_by', worker, 'reached_at', now)
  redis.call('HDEL', key .. ':unreached', worker)
elseif worker ~= '' then
  redis.call('HSET', key .. ':unreached', worker, now .. ' ' .. (fields.reason or ''))
  redis.call('PEXPIRE', key .. ':unreached', window_ms)
  is_others = untried(pm, worker)
  if is_others and (state == 'up' or state == 'alias') and reached_by_other(known, worker, tonumber(window_ms)) then
    redis.call('HDEL', key, 'looking_until', 'look_again')
    if redis.call('ZSCORE', P .. 'discovery', pm) then redis.call('ZADD', P .. 'discovery', whole(now_ms), pm) end
    event('pm.unreached', 'pm', pm, 'worker', worker, 'reason', fields.reason or '')
    return {state, known[2] or '', 1}
  end
end

redis.call('HSET', key, 'checked_at', now, unpack(ARGV, found))
if is_measured == '1' then redis.call('HSET', key, 'measured_at', now) end
if inventory_ms ~= '' then redis.call('HSET', key, 'inventory_at', iso(tonumber(inventory_ms))) end
if known[7] == '1' and (known[6] or '') ~= '' then join_identity(pm, known[6]) end
if known[5] and fields.state == 'up' then write_alias(pm, known[5]) end
local after = room_in(read_room(pm)) or {0, 0, 0}
touch(pm, after[1] > before[1] or after[2] > before[2] or after[3] > before[3])
local again = redis.call('HDEL', key, 'look_again') == 1
redis.call('HDEL', key, 'looking_until')
if redis.call('ZSCORE', P .. 'discovery', pm) then
  redis.call('ZADD', P .. 'discovery', whole(now_ms + ((again or is_others) and 0 or tonumber(next_ms))), pm)
end
local f = redis.call('HMGET', key, 'state', 'reason', 'failures', 'failed_at')
if f[1] == 'up' and f[3] and tonumber(f[4] or 0) + 30000 <= now_ms then
  redis.call('HSET', key, 'failed_at', whole(now_ms))
  if redis.call('HINCRBY', key, 'failures', -1) <= 0 then redis.call('HDEL', key, 'failures', 'failed_at') end
end
if fields.state == 'up' and state ~= f[1] then
  for _, job in ipairs(redis.call('SMEMBERS', key .. ':delayed')) do promote(job) end
end
check_index(pm)
event('pm.checked', 'pm', pm, 'state', f[1], 'reason', f[2] or '')
mark_ready()
return {f[1], f[2] or ''}
