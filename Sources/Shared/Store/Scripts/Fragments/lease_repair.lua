-- `repair(is_broken)`: compares the entries of processing lists with the leases.
--
-- needs: broken_records, time

local function repair(is_broken)
  for _, worker in ipairs(redis.call('ZRANGE', P .. 'workers', 0, -1)) do
    local list = P .. 'processing:' .. worker
    local lines = is_broken(wrong_kind('processing:' .. worker)) and {} or redis.call('LRANGE', list, 0, -1)
    for _, line in ipairs(lines) do
      local job = string.match(line, '"job":(%d+)')
      if not job or not redis.call('ZSCORE', P .. 'leases', job) then
        local is_record = job and not is_broken(broken_job(job))
        local j = is_record and redis.call('HMGET', P .. 'job:' .. job, 'state', 'worker', 'entry') or {}
        if j[1] == 'running' and j[2] == worker and j[3] == line then
          redis.call('ZADD', P .. 'leases', whole(now_ms), job)
        else
          redis.call('LREM', list, 1, line)
        end
      end
    end
  end
end
