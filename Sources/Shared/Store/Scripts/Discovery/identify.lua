-- Notes which machine a PM's address leads to, and whether a PM with a lower number stands for that machine already.
--
-- The lowest number is the real PM; the others are its aliases from this moment on, and what VMs held on them they hold
-- on the real one. After a boot a machine has another identity, which its PMs report one after another. So an alias whose
-- identity is another than that of its real PM stays one until the real PM was probed between two probes of the alias
-- that found the same.
--
-- ARGV pm        the PM
-- ARGV identity  the machine's identity; empty where it does not say it
-- Returns: `{the PM of which this one is an alias, or empty, alias, its PM, …}`, with the aliases that are new.
--
-- needs: alias_claims, broken_records, fleet_version, identities, probe_schedule, time

local key = P .. 'pm:' .. pm
refuse(wrong_kind('identities', 'fleet', 'events', 'discovery') or broken_counters() or broken_pm(pm))
for _, member in ipairs(identity_members(identity)) do refuse(broken_pm(member)) end
local known = redis.call('HMGET', key, 'listed', 'identity', 'identified_at', 'alias_of')
if known[1] ~= '1' then return {''} end
local before, alias = known[2] or '', known[4]
local other = {}
refuse(broken_pm(alias or ''))
if alias then
  other = redis.call('HMGET', P .. 'pm:' .. alias, 'listed', 'identity', 'state', 'inventory_at')
end

if before ~= identity then
  leave_identity(pm, before)
  redis.call('HSET', key, 'identity', identity, 'identified_at', now)
  touch(pm, false)
end
local members = {}
if identity ~= '' then
  members = join_identity(pm, identity)
  -- The list may have been lost.
  if other[1] == '1' and other[2] == identity then members = join_identity(alias, identity) end
end
local new = {}
local function note(which, real)
  if redis.call('HGET', P .. 'pm:' .. which, 'alias_of') == real then return end
  make_alias(which, real)
  new[#new + 1], new[#new + 2] = which, real
end
local real = members[1] or pm
if real ~= pm then
  note(pm, real)
  return {real, unpack(new)}
end
for i = 2, #members do note(members[i], pm) end
if not alias then return {'', unpack(new)} end

local mayBeSame = identity ~= '' and other[1] == '1' and (other[2] or '') ~= ''
local wasBetween = before == identity and (other[3] == 'up' or other[3] == 'alias')
  and (other[4] or '') > (known[3] or '')
if mayBeSame and not wasBetween then
  probe_soon(alias)
  return {alias, unpack(new)}
end
redis.call('HDEL', key, 'alias_of')
touch(pm, false)
return {'', unpack(new)}
