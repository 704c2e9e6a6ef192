-- Relays what a VM's guest has written to its console, and keeps the right to.
--
-- Bytes that do not go on where the last ones ended begin anew: what was kept before is dropped.
--
-- ARGV vm        the VM's number
-- ARGV holder    the worker's instance, which must have the right
-- ARGV lease_ms  how long it has the right from now on
-- ARGV offset    the offset of the first byte; empty for a sign of life without bytes
-- ARGV bytes     the bytes; none where they are still to come
-- ARGV most      how many pieces are kept
-- Returns: `ok`; `idle` where nobody reads; `lost` where another worker has the right; `gone` where there is no such VM.
--
-- needs: broken_records

local key = 'console:bytes:' .. vm
refuse(wrong_kind(key))
key = P .. key
if redis.call('GET', P .. 'lock:console:' .. vm) ~= holder then return 'lost' end
if redis.call('EXISTS', P .. 'vm:' .. vm) == 0 then return 'gone' end
local last = offset ~= '' and redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
local is_next = last and last[2][2] + #last[2][4] == tonumber(offset)
redis.call('SET', P .. 'lock:console:' .. vm, holder, 'PX', lease_ms)
if last and not is_next then redis.call('DEL', key) end
if offset ~= '' and not (is_next and bytes == '') then
  redis.call('XADD', key, 'MAXLEN', most, '*', 'at', offset, 'bytes', bytes)
end
redis.call('EXPIRE', key, 60)
return redis.call('EXISTS', P .. 'console:readers:' .. vm) == 1 and 'ok' or 'idle'
