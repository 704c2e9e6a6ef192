-- Takes or keeps the right to do what one alone does at a time.
--
-- ARGV name         what it is for, which is the key without the prefix
-- ARGV holder       who asks
-- ARGV duration_ms  how long the right lasts
-- Returns: 1 where the right is the holder's, else 0.

local other = redis.call('GET', P .. name)
if other and other ~= holder then return 0 end
redis.call('SET', P .. name, holder, 'PX', duration_ms)
return 1
