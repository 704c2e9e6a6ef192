-- Takes or keeps the right to bring an image to a PM.
--
-- ARGV pm           the PM
-- ARGV image        the image
-- ARGV holder       who asks
-- ARGV duration_ms  how long the right lasts
-- Returns: 1 where the right is the holder's, else 0.

local key = P .. 'transfer:' .. pm .. ':' .. image
local other = redis.call('GET', key)
if other and other ~= holder then return 0 end
redis.call('SET', key, holder, 'PX', duration_ms)
return 1
