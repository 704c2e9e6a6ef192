-- The batches that were accepted: `hvc:batches` by number, and `hvc:batches:project:NAME` those of a project; each has a
-- record of its own.
--
-- `broken_batches(project)`: what is broken of the lists; `add_batch(batch, is_atomic, jobs, vms, request, project)`: adds
-- one. Of more batches than are kept the oldest go, of twenty at once, but none of which a job has not ended.
--
-- needs: broken_records, time
-- constants: batches_kept

local function broken_batches(project) return wrong_kind('batches', 'batches:project:' .. project) end
local function is_over(batch)
  local jobs = redis.pcall('HGET', P .. 'batch:' .. batch, 'jobs')
  if type(jobs) ~= 'string' then return true end
  for job in string.gmatch(jobs, '%d+') do
    local state = redis.pcall('HGET', P .. 'job:' .. job, 'state')
    if type(state) == 'string' and state ~= 'done' and state ~= 'failed' and state ~= 'dead' then return false end
  end
  return true
end
local function add_batch(batch, is_atomic, jobs, vms, request, project)
  redis.call('DEL', P .. 'batch:' .. batch)
  redis.call('HSET', P .. 'batch:' .. batch, 'id', batch, 'atomic', is_atomic, 'jobs', table.concat(jobs, ','),
    'vms', table.concat(vms, ','), 'created_at', now, 'request', request, 'project', project)
  redis.call('ZADD', P .. 'batches', batch, batch)
  redis.call('ZADD', P .. 'batches:project:' .. project, batch, batch)
  local surplus = redis.call('ZCARD', P .. 'batches') - batches_kept
  for _, oldest in ipairs(surplus > 0 and redis.call('ZRANGE', P .. 'batches', 0, 19) or {}) do
    if surplus > 0 and is_over(oldest) then
      local of = redis.pcall('HGET', P .. 'batch:' .. oldest, 'project')
      -- What is of another type than ours is left.
      if type(of) == 'string' then redis.pcall('ZREM', P .. 'batches:project:' .. of, oldest) end
      redis.call('ZREM', P .. 'batches', oldest)
      redis.call('DEL', P .. 'batch:' .. oldest)
      surplus = surplus - 1
    end
  end
end
