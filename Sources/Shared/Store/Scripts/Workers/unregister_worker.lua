-- Gives a worker's name back at its end; its list stays known to the sweep.
--
-- ARGV worker    its name
-- ARGV instance  the run of it
-- Returns: 1, or 0 where the name is another instance's.

if redis.call('HGET', P .. 'worker:' .. worker, 'instance') ~= instance then return 0 end
return redis.call('DEL', P .. 'worker:' .. worker)
