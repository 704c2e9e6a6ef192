-- `queue_full(more)`: the answer where as many jobs wait as may; nil where so many more may come, one where nothing is given.
--
-- Those wait that are on the queue, that came back to it, and that are deferred. Jobs of the direct queue are no more than
-- there are VMs.
--
-- uses: queue_limit
-- needs: broken_records

local function queue_full(more)
  local length = redis.pcall('LLEN', P .. 'queue')
  refuse(type(length) == 'table' and wrong_kind('queue'))
  length = length + redis.call('ZCARD', P .. 'queue:returned') + redis.call('ZCARD', P .. 'delayed')
  if length + (more or 1) > tonumber(queue_limit) then return {'queue_full', length} end
end
