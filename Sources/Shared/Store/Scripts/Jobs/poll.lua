-- Reads the oldest entries that are to take capacity, how many others there are, and what changed of the fleet since a
-- version.
--
-- Changes nothing. An index of changes that was lost fills again as PMs are probed.
--
-- ARGV since             the version of the fleet that is known
-- ARGV limit             how many entries at most
-- ARGV complete          the version as of which all records are known
-- ARGV known_generation  the generation that both are of; may be empty
-- Returns: `{version, headroom version, {entry, …} oldest first, {{pm, HGETALL…}, …}, reset, {placed, …}, more, time,
--   generation, {{pm, claimed_cpu, claimed_ram, claimed_disk, vms, last_used}, …}, how many entries the direct queue
--   has, {{pm, cpu, ram, disk}, …}, offers}`. `reset` is 1 where the version known is none of this Redis', so that all PMs are
--   returned and the others are to be forgotten; `placed` is, for each entry, the PM on which its VM has a claim already,
--   or the job itself where it is to have one, else empty; the list after is what the VMs of such jobs have, and empty
--   for others; `offers` is 1 where room was freed that creates wait for;
--   `more` is 1 where more PMs changed than are returned at once, and `version` is that of the last one returned;
--   `time` is now, in ms. The PMs of which nothing changed but their claims, which are most, come apart: in full they would
--   cost three times as much. A PM whose record is of another type comes with no fields.
--
-- While the queue is paused it tells no entries.
--
-- when full: nothing is written
-- needs: operations, queue, versions_known

local from, known = tonumber(since), tonumber(complete)
local version, headroom_version, generation, has_room = versions()
local reset, more = 0, 0
if from > version or known_generation ~= '' and known_generation ~= generation then from, known, reset = 0, 0, 1 end
local machines, claims = {}, {}
if from < version then
  local most = 250
  local changed = redis.call('ZRANGEBYSCORE', P .. 'fleet', '(' .. string.format('%.0f', from), '+inf',
    'WITHSCORES', 'LIMIT', 0, most)
  for i = 1, #changed, 2 do
    local pm, key = changed[i], P .. 'pm:' .. changed[i]
    local held = redis.pcall('HMGET', key, 'record_version', 'claimed_cpu', 'claimed_ram', 'claimed_disk', 'vms', 'last_used')
    if held.err then
      machines[#machines + 1] = {pm, {}}
    elseif held[1] and tonumber(held[1]) <= known then
      held[1] = pm
      claims[#claims + 1] = held
    else
      machines[#machines + 1] = {pm, redis.call('HGETALL', key)}
    end
  end
  if #changed == 2 * most then version, more = tonumber(changed[#changed]), 1 end
end
local lines, placed, homes = {}, {}, {}
local paused = redis.call('EXISTS', P .. 'queue:paused') == 1
local count = paused and 0 or tonumber(limit)
if count > 0 then
  -- Those that came back are merged in by their numbers.
  local queue = redis.call('LRANGE', P .. 'queue', -count, -1)
  local returned, at = redis.call('ZRANGE', P .. 'queue:returned', 0, count - 1), #queue
  local next_back = 1
  while #lines < count do
    local line, back = queue[at], returned[next_back]
    if not line and not back then break end
    if back and (not line or comes_before(back, line)) then
      lines[#lines + 1], next_back = back, next_back + 1
    else
      lines[#lines + 1], at = line, at - 1
    end
  end
end
for i, line in ipairs(lines) do
  local vm = string.match(line, '"vm":(%d+)')
  -- One whose record is of another type is found out by the claim.
  local pm = vm and redis.pcall('HGET', P .. 'vm:' .. vm, 'pm')
  placed[i], homes[i] = type(pm) == 'string' and pm or '', ''
  if is_held_by_job(string.match(line, '"kind":"([^"]*)"')) then
    local claim_pm = redis.pcall('HGET', P .. 'job:' .. (job_in(line) or ''), 'claim_pm')
    local v = redis.pcall('HMGET', P .. 'vm:' .. (vm or ''), 'pm', 'cpu', 'ram', 'disk')
    placed[i], homes[i] = type(claim_pm) == 'string' and claim_pm or '', v.err and '' or v
  end
end
local t = redis.call('TIME')
local time = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
return {version, headroom_version, lines, machines, reset, placed, more, time, generation, claims,
  paused and 0 or redis.call('LLEN', P .. 'queue:direct'), homes,
  not paused and has_room and 1 or 0}
