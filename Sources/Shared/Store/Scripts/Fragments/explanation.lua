-- `explain(job, decision)`: keeps how the place of a job was chosen, apart from its record, which is kept for longer.
--
-- `explanation(job)`: what was kept.

local function explain(job, decision)
  redis.call('SET', P .. 'job:' .. job .. ':explanation', decision)
end
local function explanation(job)
  local key = P .. 'job:' .. job
  -- Records of earlier versions have it themselves.
  return redis.call('GET', key .. ':explanation') or redis.call('HGET', key, 'decision')
end
