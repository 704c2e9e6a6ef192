-- Extends the leases of a worker's jobs, and returns which it has lost.
--
-- ARGV lease_ms   how long the leases are to last from now
-- ARGV leases...  for each job two: job, epoch
-- Returns: the jobs that are no longer the worker's.
--
-- needs: broken_records, time

refuse(wrong_kind('leases'))
local lost = {}
for i = leases, #ARGV, 2 do
  -- A record of another type is no job's, and the other leases are renewed as ever.
  local j = redis.pcall('HMGET', P .. 'job:' .. ARGV[i], 'epoch', 'state')
  if j[1] == ARGV[i + 1] and j[2] == 'running' then
    redis.call('ZADD', P .. 'leases', whole(now_ms + tonumber(lease_ms)), ARGV[i])
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost
