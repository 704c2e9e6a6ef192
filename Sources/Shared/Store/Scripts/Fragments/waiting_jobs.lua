-- `wake_waiting(vm)`: puts the next job that waits behind the VM's to its place in the queue.
--
-- needs: dead_list, queue

local function wake_waiting(vm)
  local line = redis.call('LPOP', P .. 'vm:' .. vm .. ':waiting')
  if not line then return end
  local job = string.match(line, '"job":(%d+)')
  if not job then
    add_dead(line, 'it is no entry')
    return wake_waiting(vm)
  end
  redis.call('HSET', P .. 'job:' .. job, 'state', 'queued')
  put_back(line, job)
end
