-- Takes or keeps the right to write to a VM's console, and hands on what is written.
--
-- ARGV vm        the VM's number
-- ARGV writer    who writes, in words for others
-- ARGV take      1 to take the right from another one
-- ARGV lease_ms  how long the right lasts
-- ARGV item      what is written, for the worker that does it
-- ARGV ask       what a worker is asked where none writes to this console
-- ARGV most      how much may wait to be written at once
-- Returns: `{'ok', until}`, in ms since 1970; `{'busy', writer, until}` where another one has the right; `{'full'}`;
--   `{'gone'}` where there is no such VM.
--
-- needs: broken_records, time

refuse(wrong_kind('console:asks', 'console:writer:' .. vm, 'console:input:' .. vm))
if redis.call('EXISTS', P .. 'vm:' .. vm) == 0 then return {'gone'} end
local right = P .. 'console:writer:' .. vm
local v = redis.call('HMGET', right, 'writer', 'until')
local ends = tonumber(v[2] or '') or 0
if v[1] and v[1] ~= writer and ends > now_ms and take ~= '1' then return {'busy', v[1], ends} end
local input = P .. 'console:input:' .. vm
if redis.call('LLEN', input) >= tonumber(most) or redis.call('LLEN', P .. 'console:asks') >= 1000 then
  return {'full'}
end
ends = now_ms + tonumber(lease_ms)
redis.call('HSET', right, 'writer', writer, 'until', whole(ends))
redis.call('EXPIRE', right, 600)
redis.call('RPUSH', input, whole(now_ms) .. ' ' .. item)
redis.call('EXPIRE', input, 60)
if redis.call('EXISTS', P .. 'lock:console-input:' .. vm) == 0 then
  redis.call('LPUSH', P .. 'console:asks', ask)
  redis.call('EXPIRE', P .. 'console:asks', 60)
end
return {'ok', ends}
