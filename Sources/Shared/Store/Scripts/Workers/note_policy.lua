-- Notes how PMs are chosen, so that what-ifs choose alike.
--
-- ARGV name       the policy
-- ARGV weights    its weights; empty for its own
-- ARGV oldest_ms  how old a PM's measure may be
-- Returns: 1.

redis.call('HSET', P .. 'policy', 'name', name, 'weights', weights, 'oldest_ms', oldest_ms)
return 1
