-- Says that a step of a job begins, where the worker still holds it: the fence before each action on a PM.
--
-- What the worker has to say about earlier steps is written along with it, so that a step costs one
-- round trip.
--
-- ARGV job          the job
-- ARGV epoch        the epoch under which the worker holds it
-- ARGV lease_ms     how long the lease lasts from now; empty where it lasts long enough as it is
-- ARGV step         the step that begins; empty where steps are to be undone
-- ARGV is_progress  `1` where the job was never as far as that
-- ARGV steps...     lines of the step log, three arguments each, as `step_log` takes them
-- Returns: `{'go', time}`; `{'cancelled'}` where the job was cancelled and this is no undo; `{'lost'}` where the job is another
--   worker's or has ended; `{'closed'}` where a job that takes a place has made nothing on its PM yet and the PM takes no VMs
--   any more.
--
-- needs: broken_records, operations, step_log, time

local key = P .. 'job:' .. job
local j = redis.call('HMGET', key, 'epoch', 'state', 'step', 'kind', 'pm', 'crashes', 'cancel_requested_at')
if j[1] ~= epoch or j[2] ~= 'running' then return {'lost'} end
if j[7] and step ~= '' then return {'cancelled'} end
local op = operation(j[4])
if op and op.chooses_pm and step ~= '' and (not j[3] or j[3] == op.first) then
  local m = redis.call('HMGET', P .. 'pm:' .. j[5], 'cordoned', 'listed')
  if m[1] == '1' or m[2] ~= '1' then return {'closed'} end
end
refuse(lease_ms ~= '' and wrong_kind('leases'))
-- The log checks itself, as it is written first.
write_steps(job, steps)
if lease_ms ~= '' then redis.call('ZADD', P .. 'leases', whole(now_ms + tonumber(lease_ms)), job) end
if is_progress == '1' then
  redis.call('HSET', key, 'step', step)
  -- It comes on, so what ended its workers before is not the job itself.
  if j[6] then redis.call('HDEL', key, 'crashes') end
end
return {'go', now}
