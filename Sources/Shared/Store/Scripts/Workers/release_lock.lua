-- Gives the right back.
--
-- ARGV name    what it is for, which is the key without the prefix
-- ARGV holder  who held it
-- Returns: 1 where it was the holder's, else 0.

if redis.call('GET', P .. name) ~= holder then return 0 end
return redis.call('DEL', P .. name)
