-- Notes on a destroy what it leaves on the PM, where the worker still holds it.
--
-- ARGV job    the job
-- ARGV epoch  the epoch under which the worker holds it
-- ARGV files  the paths, a line each
-- Returns: 1, or 0 where the job is another worker's or has ended.

local j = redis.call('HMGET', P .. 'job:' .. job, 'epoch', 'state')
if j[1] ~= epoch or j[2] ~= 'running' then return 0 end
redis.call('HSET', P .. 'job:' .. job, 'left', files)
return 1
