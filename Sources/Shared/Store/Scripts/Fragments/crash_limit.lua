-- `give_up(job, worker, why, retention)`: ends a job that nobody is to try again; its VM stays as it is, in state `error`.
--
-- needs: dead_letter, lease_release

local function give_up(job, worker, why, retention)
  local j = redis.call('HMGET', P .. 'job:' .. job, 'entry', 'vm', 'kind')
  revoke(job, j[1], worker)
  dead_letter(j[1], job, j[3], j[2], why, 'gave_up', 'job ' .. job .. ' was given up; VM ' .. j[2]
    .. ' is in state error: destroy it when the cause is removed', retention)
end
