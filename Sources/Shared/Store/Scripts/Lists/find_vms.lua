-- Finds VMs by terms, by number; changes nothing.
--
-- It goes over the VMs that have the rarest of the terms, and looks up whether they have the others.
--
-- ARGV after     the VM behind which to begin; 0 for the first
-- ARGV limit     how many VMs at most
-- ARGV examined  how many VMs that have the rarest term are gone over at most
-- ARGV pm        the PM on which they are; empty for any
-- ARGV terms...  what they have, as `vm_index` writes it: `name=…`, `state=…`, `label:KEY=VALUE`
-- Returns: `{event, next, {vm, …}}`: the last event before, and the VM behind which to go on; empty where no others follow.
--
-- when full: nothing is written
-- needs: broken_records

local index = P .. 'vms:index'
refuse(wrong_kind('vms', 'vms:index', 'events') or pm ~= '' and wrong_kind('pm:' .. pm .. ':claims')
  or redis.call('EXISTS', P .. 'vms') == 1 and redis.call('EXISTS', index) == 0 and index .. ' is missing')
local last = redis.call('XREVRANGE', P .. 'events', '+', '-', 'COUNT', 1)[1]
local event = last and last[1] or '0-0'
local function number(vm) return string.format('\n%015d', vm) end

-- The term that the fewest VMs have; none where the PM has fewer.
local rarest, fewest = nil, pm ~= '' and redis.call('HLEN', P .. 'pm:' .. pm .. ':claims') or math.huge
for i = terms, #ARGV do
  local count = redis.call('ZLEXCOUNT', index, '[' .. ARGV[i] .. '\n', '(' .. ARGV[i] .. '\v')
  if count < fewest then rarest, fewest = ARGV[i], count end
end
local wanted = tonumber(#ARGV > terms and examined or limit) + 1
if pm ~= '' then wanted = tonumber(examined) + 1 end
local candidates = {}
if rarest then
  local entries = redis.call('ZRANGEBYLEX', index, '(' .. rarest .. number(after), '(' .. rarest .. '\v', 'LIMIT', 0, wanted)
  for i, entry in ipairs(entries) do candidates[i] = tonumber(string.sub(entry, -15)) end
else
  for _, consumer in ipairs(redis.call('HKEYS', P .. 'pm:' .. pm .. ':claims')) do
    local vm = tonumber(string.match(consumer, '^vm:(%d+)$') or '')
    if vm and vm > tonumber(after) then candidates[#candidates + 1] = vm end
  end
  table.sort(candidates)
end

local function matches(vm)
  local text = string.format('%.0f', vm)
  if rarest and pm ~= '' and redis.call('HEXISTS', P .. 'pm:' .. pm .. ':claims', 'vm:' .. text) == 0 then return false end
  for i = terms, #ARGV do
    if ARGV[i] ~= rarest and not redis.call('ZSCORE', index, ARGV[i] .. number(text)) then return false end
  end
  return true
end
local found = {}
for i, vm in ipairs(candidates) do
  local text = string.format('%.0f', vm)
  if matches(vm) then found[#found + 1] = text end
  local is_last = i == #candidates
  if not is_last and (#found == tonumber(limit) or i == tonumber(examined)) then return {event, text, found} end
end
return {event, '', found}
