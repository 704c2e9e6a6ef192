-- Makes a VM known again from what its domain says of it.
--
-- Its capacity is claimed whether there is headroom or not, and no number that it names is given again.
--
-- ARGV pm          the PM that was probed
-- ARGV probed_ms   when the probe began, ms
-- ARGV vm          the VM
-- ARGV uuid        its UUID
-- ARGV state       the state that was found
-- ARGV type_id     its type
-- ARGV image_id    its image
-- ARGV create_job  the job that created it; may be empty
-- ARGV fields...   field, value, … of the record
-- Returns: `adopted`; `gone` where the VM was forgotten since the probe began; `taken` where another VM has its
--   number; `out_of_range` where a number that it names is larger than any that is given, so that none could follow
--   it; empty where it is known or the PM is not.
--
-- needs: broken_records, claims, events, groups, probe_schedule, projects, time, vm_state
-- constants: largest_number, tombstone_ms

local probed_at = iso(tonumber(probed_ms))
local key = P .. 'vm:' .. vm
if redis.call('HGET', P .. 'pm:' .. pm, 'listed') ~= '1' then return '' end
local known = redis.call('HGET', key, 'uuid')
if known then return known == uuid and '' or 'taken' end
-- A worker that was frozen may have seen it long ago.
if tonumber(probed_ms) < now_ms - tombstone_ms then return 'gone' end
local gone = redis.call('ZSCORE', P .. 'tombstones', uuid)
if gone and tonumber(gone) >= tonumber(probed_ms) then return 'gone' end
local project = 'default'
local numbers = {vm = vm, type = type_id, image = image_id, job = create_job}
for i = fields, #ARGV, 2 do
  if ARGV[i] == 'cpu' or ARGV[i] == 'ram' or ARGV[i] == 'disk' then numbers[ARGV[i]] = ARGV[i + 1] end
  if ARGV[i] == 'project' then project = ARGV[i + 1] end
  for _, g in ipairs(ARGV[i] == 'groups' and groups_in(ARGV[i + 1]) or {}) do
    refuse(not_whole('group:' .. g[1], false, 'members', 'placed') or not_whole('pm:' .. pm, false, 'group:' .. g[1]))
  end
end
for _, number in pairs(numbers) do
  if (tonumber(number) or 0) > largest_number then return 'out_of_range' end
end
refuse(wrong_kind('vms', 'events', 'fleet', 'discovery') or broken_counters()
  or not_whole('counters', false, 'type', 'image', 'adopted') or broken_pm(pm) or wrong_change(vm, 'none', state))
-- Where only its record was lost, it is counted already.
local is_counted = redis.call('HEXISTS', P .. 'pm:' .. pm .. ':claims', 'vm:' .. vm) == 1
set_state(vm, 'none', state, 'id', vm, 'uuid', uuid, 'type', type_id, 'image', image_id,
  'pm', pm, 'placed_at', now, 'adopted_at', now, 'settled_at', probed_at, unpack(ARGV, fields))
if state == 'running' then redis.call('HSET', key, 'running_at', probed_at) end
redis.call('ZADD', P .. 'vms', vm, vm)
if not is_counted then
  join_groups(vm)
  charge(project, 1, {numbers.cpu or 0, numbers.ram or 0, numbers.disk or 0})
end
add_claim(vm, pm)
for _, name in ipairs({'vm', 'type', 'image', 'job'}) do
  local number = tonumber(numbers[name]) or 0
  if number > tonumber(redis.call('HGET', P .. 'counters', name) or 0) then
    redis.call('HSET', P .. 'counters', name, whole(number))
  end
end
redis.call('HINCRBY', P .. 'counters', 'adopted', 1)
probe_soon(pm)
event('vm.adopted', 'vm', vm, 'pm', pm, 'state', state)
return 'adopted'
