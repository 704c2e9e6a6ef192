-- Writes what probes found and sets the times of the next ones; each finding as if it were alone.
--
-- A finding is written only while no later probe of the PM was begun. The fleet's version moves only with what changed.
-- A probe that succeeded takes one off the PM's recent failures, every 30 s at most; a PM that is up again gets the jobs
-- that were deferred. Where it has more claims than its record says, or `hvc:vms` was lost, both are made anew.
-- A probe that failed is noted for its worker. It changes nothing else where another worker that lives has reached the
-- PM lately; while one has not tried, the PM is due for that one. An alias stays one, and gets no figures.
--
-- ARGV worker       who probed; may be empty
-- ARGV window_ms    for how long it counts that a worker has reached a PM
-- ARGV findings...  for each PM: pm, epoch or empty, ms until the next probe, a time in ms before all of its domains were read
--   or empty, `1` where figures were measured, how many fields follow, then field, value, …, none of them a claim's; -1 fields
--   where the PM is up and its record says all of it already
-- Returns: for each finding `{'recorded', state, reason, version, has_lost_claims}` as they are now, the last 1 where
--   there are fewer claims than its record says; `{'elsewhere', …}` where it changed nothing, since another worker
--   reaches the PM; `{'superseded'}`; `{'unknown'}` where there is no such
--   PM; or `{'broken', what}`.
--
-- needs: alias_record, broken_records, deferral, events, fleet_version, headroom, identities, probe_schedule, readiness
-- needs: recount, time, unreached

refuse(wrong_kind('discovery', 'discovery:down', 'fleet', 'events', 'delayed', 'queue', 'queue:returned',
  'queue:direct', 'pms', 'vms', 'identities')
  or broken_counters())

local function version_of(pm) return redis.call('ZSCORE', P .. 'fleet', pm) or '0' end

-- Notes whether this worker reaches the PM; returns whether another one has to try, and whether that one's finding counts.
local function note_reach(pm, is_up, known, reason)
  if worker == '' then return false, false end
  local notes = P .. 'pm:' .. pm .. ':unreached'
  if is_up then
    redis.call('HDEL', notes, worker)
    return false, false
  end
  redis.call('HSET', notes, worker, now .. ' ' .. reason)
  redis.call('PEXPIRE', notes, window_ms)
  local is_others = untried(pm, worker)
  local was_up = known[1] == 'up' or known[1] == 'alias'
  return is_others, is_others and was_up and reached_by_other(known, worker, tonumber(window_ms))
end

-- One off the recent failures; returns whether there were any.
local function forgive(key, failures, failed_at)
  if not failures or (tonumber(failed_at or 0) or 0) + 30000 > now_ms then return false end
  redis.call('HSET', key, 'failed_at', whole(now_ms))
  if redis.call('HINCRBY', key, 'failures', -1) <= 0 then redis.call('HDEL', key, 'failures', 'failed_at') end
  return true
end

-- Writes a finding's fields and times; returns what changed.
local function write(key, found, times)
  local changed, names = {}, {}
  for name in pairs(found) do names[#names + 1] = name end
  local old = #names > 0 and redis.call('HMGET', key, unpack(names)) or {}
  for i, name in ipairs(names) do
    if old[i] ~= found[name] then changed[#changed + 1] = name end
  end
  for _, name in ipairs(changed) do
    times[#times + 1], times[#times + 2] = name, found[name]
  end
  redis.call('HSET', key, unpack(times))
  return #changed > 0
end

local function record(pm, epoch, next_ms, inventory_ms, is_measured, found)
  local key = P .. 'pm:' .. pm
  local problem = broken_pm(pm) or wrong_kind('pm:' .. pm .. ':unreached')
  if problem then return {'broken', problem} end
  local known = redis.call('HMGET', key, 'state', 'reason', 'reached_by', 'reached_at', 'alias_of', 'identity', 'listed',
    'address', 'looking_until', 'look_again', 'probe_failures', 'checked_at', 'failures', 'failed_at')
  if not known[8] then return {'unknown'} end
  if epoch ~= '' and epoch ~= known[9] then return {'superseded'} end
  local is_up = not found or found.state == 'up'
  local is_others, is_elsewhere = note_reach(pm, is_up, known, found and found.reason or '')
  redis.call('HDEL', key, 'looking_until', 'look_again')
  if is_elsewhere then
    schedule_probe(pm, false, 0)
    event('pm.unreached', 'pm', pm, 'worker', worker, 'reason', found.reason or '')
    return {'elsewhere', known[1], known[2] or '', version_of(pm), '0'}
  end

  local times = {'checked_at', now}
  local function add(name, value) times[#times + 1], times[#times + 2] = name, value end
  if is_up and worker ~= '' then
    add('reached_by', worker)
    add('reached_at', now)
  end
  if is_measured == '1' and not (known[5] and is_up) then add('measured_at', now) end
  if inventory_ms ~= '' then add('inventory_at', iso(tonumber(inventory_ms))) end
  if not is_up then add('probe_failures', whole((tonumber(known[11] or 0) or 0) + 1)) end
  local before = found and headroom_in(read_headroom(pm)) or {0, 0, 0}
  -- One that the index of changes has lost is put back into it.
  local version = redis.call('ZSCORE', P .. 'fleet', pm)
  local has_changed = write(key, found or {}, times) or not known[12] or not version
  if is_up and known[11] then redis.call('HDEL', key, 'probe_failures') end
  if known[7] == '1' and (known[6] or '') ~= '' then join_identity(pm, known[6]) end
  if known[5] and is_up and found then write_alias(pm, known[5]) end
  local after = redis.call('HMGET', key, 'state', 'reason')
  has_changed = after[1] == 'up' and forgive(key, known[13], known[14]) or has_changed
  if has_changed then
    local free = headroom_in(read_headroom(pm)) or {0, 0, 0}
    local has_grown = found and (free[1] > before[1] or free[2] > before[2] or free[3] > before[3])
    touch(pm, has_grown)
    -- Nothing else says so of a PM that was up before.
    if has_grown and redis.call('HEXISTS', P .. 'counters', 'room_asked') == 1 then event('room.freed', 'pm', pm) end
  end
  schedule_probe(pm, not is_up, (known[10] or is_others) and 0 or tonumber(next_ms))
  -- One that is up again, or was never probed: what waits for that is decided now.
  if is_up and known[1] ~= after[1] or not known[12] then
    local jobs = redis.call('SMEMBERS', key .. ':delayed')
    -- The youngest first: each comes before those that came back earlier.
    table.sort(jobs, function(a, b) return (tonumber(a) or 0) > (tonumber(b) or 0) end)
    for _, job in ipairs(jobs) do promote(job) end
  end
  local is_lost = check_claims(pm)
  if known[1] ~= after[1] or not known[12] then
    event('pm.state', 'pm', pm, 'state', after[1], 'reason', after[2] or '')
  end
  return {'recorded', after[1], after[2] or '', version_of(pm), is_lost and '1' or '0'}
end

local outcomes, at = {}, findings
while at <= #ARGV do
  local count, found = tonumber(ARGV[at + 5]), nil
  if count >= 0 then
    found = {}
    for i = at + 6, at + 5 + 2 * count, 2 do found[ARGV[i]] = ARGV[i + 1] end
  end
  outcomes[#outcomes + 1] = record(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], found)
  at = at + 6 + 2 * math.max(0, count)
end
mark_ready()
return outcomes
