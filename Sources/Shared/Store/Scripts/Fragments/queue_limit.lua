-- `queue_full()`: the answer where as many jobs wait as may; nil where another one may come.
--
-- Those wait that are on the queue, that came back to it, and that are deferred. Jobs of the direct queue are no more than
-- there are VMs.
--
-- uses: queue_limit

local function queue_full()
  local length = redis.call('LLEN', P .. 'queue') + redis.call('ZCARD', P .. 'queue:returned')
    + redis.call('ZCARD', P .. 'delayed')
  if length >= tonumber(queue_limit) then return {'queue_full', length} end
end
