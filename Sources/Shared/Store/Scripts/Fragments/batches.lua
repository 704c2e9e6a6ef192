-- The batches that were accepted: `hvc:batches` by number, each with a record of its own.
--
-- `broken_batches()`: what is broken of the list; `add_batch(batch, is_atomic, jobs, vms, request)`: adds one. Of more
-- batches than are kept the oldest go, of twenty at once, but none of which a job has not ended.
--
-- needs: broken_records, time
-- constants: batches_kept

local function broken_batches() return wrong_kind('batches') end
local function is_over(batch)
  local jobs = redis.pcall('HGET', P .. 'batch:' .. batch, 'jobs')
  if type(jobs) ~= 'string' then return true end
  for job in string.gmatch(jobs, '%d+') do
    local state = redis.pcall('HGET', P .. 'job:' .. job, 'state')
    if type(state) == 'string' and state ~= 'done' and state ~= 'failed' and state ~= 'dead' then return false end
  end
  return true
end
local function add_batch(batch, is_atomic, jobs, vms, request)
  redis.call('DEL', P .. 'batch:' .. batch)
  redis.call('HSET', P .. 'batch:' .. batch, 'id', batch, 'atomic', is_atomic, 'jobs', table.concat(jobs, ','),
    'vms', table.concat(vms, ','), 'created_at', now, 'request', request)
  redis.call('ZADD', P .. 'batches', batch, batch)
  local surplus = redis.call('ZCARD', P .. 'batches') - batches_kept
  for _, oldest in ipairs(surplus > 0 and redis.call('ZRANGE', P .. 'batches', 0, 19) or {}) do
    if surplus > 0 and is_over(oldest) then
      redis.call('ZREM', P .. 'batches', oldest)
      redis.call('DEL', P .. 'batch:' .. oldest)
      surplus = surplus - 1
    end
  end
end
