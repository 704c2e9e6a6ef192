-- Ends the script where a type cannot have the number that its file gives it, or where nothing but that is asked.
--
-- uses: mode, types

local numbers = P .. 'type:numbers'
local refused, given = {'refused'}, {}
local function size_of(id)
  local t = redis.call('HMGET', P .. 'type:' .. id, 'cpu', 'ram', 'disk')
  return t[1] and t[2] and t[3] and table.concat(t, '/')
end
for i = types, #ARGV, 4 do
  local size, id = table.concat(ARGV, '/', i, i + 2), ARGV[i + 3]
  if id ~= '' then
    given[id] = true
    local known = redis.call('HGET', numbers, size)
    local holder = size_of(id)
    if known and known ~= id then
      refused[#refused + 1] = {(i - types) / 4, 'size', known}
    elseif holder and holder ~= size then
      refused[#refused + 1] = {(i - types) / 4, 'number', holder}
    end
  end
end
if #refused > 1 then return refused end
if mode == 'check' then return {} end
