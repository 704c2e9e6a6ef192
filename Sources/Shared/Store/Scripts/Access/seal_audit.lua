-- Seals entries of the audit log, and removes the oldest of those that are sealed, beyond so many.
--
-- As many seals go as entries went here: whatever else is removed is found missing.
--
-- ARGV holder    the worker that seals
-- ARGV after     the entry that was sealed last, as the worker knows it; empty for none
-- ARGV kept      how many entries are kept
-- ARGV seals...  entry, digest, …
-- Returns: 1, or 0 where another worker seals, or has.
--
-- needs: broken_records, sole_tasks

refuse(wrong_kind('audit', 'audit:seals', 'audit:chain') or not_whole('audit:chain', false, 'count', 'trimmed'))
local chain, list = P .. 'audit:chain', P .. 'audit:seals'
if not does('audit', holder) or (redis.call('HGET', chain, 'last') or '') ~= after then return 0 end
for i = seals, #ARGV, 2 do redis.call('RPUSH', list, ARGV[i] .. ' ' .. ARGV[i + 1]) end
redis.call('HSET', chain, 'last', ARGV[#ARGV - 1], 'digest', ARGV[#ARGV])
redis.call('HINCRBY', chain, 'count', (#ARGV - seals + 1) / 2)
local length = redis.call('XLEN', P .. 'audit')
local surplus = math.min(length - tonumber(kept), redis.call('LLEN', list))
if surplus <= 0 then return 1 end
local removed = redis.call('XTRIM', P .. 'audit', 'MAXLEN', length - surplus)
if removed == 0 then return 1 end
redis.call('HSET', chain, 'base', string.match(redis.call('LINDEX', list, removed - 1), '%S+$'))
redis.call('LTRIM', list, removed, -1)
redis.call('HINCRBY', chain, 'trimmed', removed)
return 1
