-- `put_back(line, job)`: puts an entry back to its place in the queue, which is ordered by the jobs' numbers.
--
-- Nearly always that is the front. A job that was put off may come back when older ones stand there.

local function put_back(line, job)
  local queue, last = P .. 'queue', -1
  while true do
    local lines = redis.call('LRANGE', queue, last - 63, last)
    if #lines == 0 then return redis.call('LPUSH', queue, line) end
    for i = #lines, 1, -1 do
      local other = tonumber(string.match(lines[i], '"job":(%d+)'))
      if other and other > tonumber(job) then
        return redis.call('LINSERT', queue, 'AFTER', lines[i], line)
      end
    end
    last = last - 64
  end
end
