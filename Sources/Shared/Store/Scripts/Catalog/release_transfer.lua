-- Gives the right back.
--
-- ARGV pm      the PM
-- ARGV image   the image
-- ARGV holder  who held it
-- Returns: 1 where it was the holder's, else 0.

local key = P .. 'transfer:' .. pm .. ':' .. image
if redis.call('GET', key) ~= holder then return 0 end
return redis.call('DEL', key)
