-- `wake_waiting(vm)`: puts the next job that waits behind the VM's to its place in the queue.
--
-- needs: queue, time

local function wake_waiting(vm)
  local line = redis.call('LPOP', P .. 'vm:' .. vm .. ':waiting')
  if not line then return end
  local job = string.match(line, '"job":(%d+)')
  if not job then
    redis.call('LPUSH', P .. 'dead', cjson.encode({entry = line, reason = 'it is no entry', at = now}))
    return wake_waiting(vm)
  end
  redis.call('HSET', P .. 'job:' .. job, 'state', 'queued')
  put_back(line, job)
end
