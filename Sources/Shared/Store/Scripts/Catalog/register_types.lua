-- Makes the flavor file's entries the listed types; a known size keeps its number, a number its size.
--
-- Numbers that the file gives are compared with those given earlier before the first write. A type without one
-- takes the next that no type had and that the file gives to no other.
--
-- ARGV mode      `register`, or `check`, which writes nothing
-- ARGV types...  for each type four: cpu, ram, disk, number; the number may be empty
-- Returns: the numbers, in the file's order, none after a check; or `refused` and for each type that cannot have its
--   number `{index from 0, 'size', the size's number}` or `{index, 'number', the number's size as cpu/ram/disk}`.
--
-- needs: type_conflicts, broken_records, catalog_numbers, counters, time

refuse(wrong_kind('types', 'events'))
begin('type', function(id) return wrong_kind('type:' .. id) end)
if redis.call('EXISTS', numbers) == 0 then restore_numbers('type', 1) end
local function free()
  redis.call('HSETNX', P .. 'counters', 'type', 0)
  local id
  repeat id = whole(count('type')) until not given[id] and redis.call('EXISTS', P .. 'type:' .. id) == 0
  return id
end
local ids, listed = {}, {}
for i = types, #ARGV, 4 do
  local size = table.concat(ARGV, '/', i, i + 2)
  local id = redis.call('HGET', numbers, size)
  if not id then
    id = ARGV[i + 3] ~= '' and ARGV[i + 3] or free()
    redis.call('HSET', numbers, size, id)
  end
  ids[#ids + 1], listed[id] = id, true
  redis.call('HSET', P .. 'type:' .. id, 'id', id, 'cpu', ARGV[i], 'ram', ARGV[i + 1],
    'disk', ARGV[i + 2], 'listed', 1)
end
list('type', ids, listed)
return ids
