-- Says that somebody reads a VM's console as it goes on, and asks for a worker to relay it where none does.
--
-- ARGV vm        the VM's number
-- ARGV ttl_ms    for how long that is so
-- ARGV ask       what a worker is asked
-- ARGV most      how many asks there may be at once
-- Returns: `relayed` where a worker relays it; `asked`; `full` where too much is asked already; `gone` where there is no
--   such VM.
--
-- needs: broken_records

refuse(wrong_kind('console:asks'))
if redis.call('EXISTS', P .. 'vm:' .. vm) == 0 then return 'gone' end
redis.call('SET', P .. 'console:readers:' .. vm, '1', 'PX', ttl_ms)
if redis.call('EXISTS', P .. 'lock:console:' .. vm) == 1 then return 'relayed' end
if redis.call('LLEN', P .. 'console:asks') >= tonumber(most) then return 'full' end
redis.call('LPUSH', P .. 'console:asks', ask)
redis.call('EXPIRE', P .. 'console:asks', 60)
return 'asked'
