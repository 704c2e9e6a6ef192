-- Reads at one moment what an audit compares of a PM; changes nothing.
--
-- ARGV pm     the PM
-- ARGV limit  of how many VMs the groups are read at most
-- Returns: `{HGETALL of the PM, HGETALL of its claims, is_whole, group, count, …}` with how many VMs of each group have a
--   claim there, themselves or by a job that is to place them there, 0 for `is_whole` where there are more VMs than the
--   limit; `{problem}` where a key is of another type.
--
-- when full: nothing is written
-- needs: broken_records, groups, operations

local key = 'pm:' .. pm
local problem = wrong_kind(key, key .. ':claims')
if problem then return {problem} end
local claims = redis.call('HGETALL', P .. key .. ':claims')
local counts, left = {}, tonumber(limit)
for i = 1, #claims, 2 do
  local vm, job = string.match(claims[i], '^vm:(%d+)$'), string.match(claims[i], '^job:(%d+)$')
  local j = job and redis.pcall('HMGET', P .. 'job:' .. job, 'kind', 'vm') or {}
  if (operation(j[1]) or {}).chooses_pm then vm = j[2] end
  if vm then left = left - 1 end
  if left < 0 then break end
  local text = vm and redis.pcall('HGET', P .. 'vm:' .. vm, 'groups')
  for _, g in ipairs(groups_in(type(text) == 'string' and text or '')) do counts[g[1]] = (counts[g[1]] or 0) + 1 end
end
local reply = {redis.call('HGETALL', P .. key), claims, left < 0 and 0 or 1}
for name, count in pairs(counts) do reply[#reply + 1], reply[#reply + 2] = name, count end
return reply
