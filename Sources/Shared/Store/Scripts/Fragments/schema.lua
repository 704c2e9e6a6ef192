-- `write_schema(number)`: notes of which form the records are.
--
-- `hvc:gone` was a sorted set up to schema 0; the programs of that time check its type before they claim, end or take up
-- a job, and refuse to. What stands there now says why.
--
-- `restore_schema()`: writes one of the two that was lost anew, by the other.

local function write_schema(number)
  redis.call('SET', P .. 'schema', number)
  redis.call('SET', P .. 'gone', 'the records are of schema ' .. number .. ': this release is too old for them, start a newer one')
end
local function restore_schema()
  local number, guard = redis.call('GET', P .. 'schema'), redis.pcall('GET', P .. 'gone')
  guard = type(guard) == 'string' and string.match(guard, 'schema (%d+):')
  if number and not guard then write_schema(number) elseif guard and not number then write_schema(guard) end
end
