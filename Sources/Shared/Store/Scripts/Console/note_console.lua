-- Writes where the files of a VM's console log and its runs begin, unless another worker was faster.
--
-- ARGV vm        the VM's number
-- ARGV known     the version that the record had
-- ARGV chain     the files as `id base size …`
-- ARGV boots     the runs as `number offset …`
-- Returns: 1; 0 where the record has another version, or there is no such VM.
--
-- needs: broken_records

local key = 'vm:' .. vm .. ':console'
refuse(wrong_kind('vm:' .. vm, key))
if redis.call('EXISTS', P .. 'vm:' .. vm) == 0 then return 0 end
if (redis.call('HGET', P .. key, 'version') or '0') ~= known then return 0 end
redis.call('HSET', P .. key, 'version', string.format('%d', known + 1), 'chain', chain, 'boots', boots)
return 1
