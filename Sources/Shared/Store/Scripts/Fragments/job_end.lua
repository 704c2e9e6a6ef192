-- `end_job(job, state, code, message, cause, kept, known)`: writes the outcome, tells it, and bounds the history.
--
-- `known` is kind, VM, PM and nonce where they were read already.
--
-- `kept` is `SECONDS:COUNT`: a record goes after that time, and before it where more jobs have ended since. At most
-- ten go at once, so that a bound that became smaller does not keep Redis.
--
-- needs: events, time

local function end_job(job, state, code, message, cause, kept, known)
  local key = P .. 'job:' .. job
  local seconds, limit = string.match(kept, '^(%d+):(%d+)$')
  redis.call('HSET', key, 'state', state, 'finished_at', now,
    'error_code', code, 'error', message, 'cause', cause)
  redis.call('EXPIRE', key, seconds)
  redis.call('EXPIRE', key .. ':steps', seconds)
  local surplus = redis.call('LPUSH', P .. 'jobs:ended', job) - tonumber(limit)
  if surplus > 0 then
    for _, old in ipairs(redis.call('RPOP', P .. 'jobs:ended', math.min(surplus, 10))) do
      redis.call('DEL', P .. 'job:' .. old, P .. 'job:' .. old .. ':steps')
    end
  end
  local j = known or redis.call('HMGET', key, 'kind', 'vm', 'pm', 'nonce')
  event('job.finished', 'job', job, 'kind', j[1] or '', 'vm', j[2] or '', 'pm', j[3] or '',
    'state', state, 'code', code, 'message', message, 'cause', cause, 'nonce', j[4] or '')
end
