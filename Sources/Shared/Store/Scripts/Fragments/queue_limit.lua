-- `queue_full()`: the answer where as many jobs are queued as there may be; nil where another one may come.
--
-- uses: queue_limit

local function queue_full()
  local length = redis.call('LLEN', P .. 'queue')
  if length >= tonumber(queue_limit) then return {'queue_full', length} end
end
