-- Notes that a job comes to its next step, where the worker still holds it: the fence before each act on a PM.
--
-- ARGV job       the job
-- ARGV epoch     the epoch under which the worker holds it
-- ARGV step      the step that begins
-- ARGV steps...  all steps in their order
-- Returns: `{'go', furthest step before}`; `{'lost'}` where the job is another worker's or has ended; `{'closed'}`
--   where a create has made nothing on its PM yet and the PM takes no VMs any more.

local key = P .. 'job:' .. job
local j = redis.call('HMGET', key, 'epoch', 'state', 'step', 'kind', 'pm')
if j[1] ~= epoch or j[2] ~= 'running' then return {'lost'} end
if j[4] == 'create' and not j[3] then
  local m = redis.call('HMGET', P .. 'pm:' .. j[5], 'cordoned', 'listed')
  if m[1] == '1' or m[2] ~= '1' then return {'closed'} end
end
local function rank(name)
  for i = steps, #ARGV do
    if ARGV[i] == name then return i end
  end
  return 0
end
if not j[3] or rank(step) > rank(j[3]) then
  redis.call('HSET', key, 'step', step)
  -- It comes on, so what ended its workers before is not the job itself.
  redis.call('HDEL', key, 'crashes')
end
return {'go', j[3] or ''}
