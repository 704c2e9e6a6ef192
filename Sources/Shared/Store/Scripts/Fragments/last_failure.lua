-- `last_failure(job, code, message, cause)`: keeps why a try did not succeed.
--
-- To wait for an image is no failed try: a long fetch would use up those that are allowed on the PM.

local function last_failure(job, code, message, cause)
  local key = P .. 'job:' .. job
  if code ~= 'image_fetching' then redis.call('HINCRBY', key, 'tries', 1) end
  redis.call('HSET', key, 'put_off', message, 'last_code', code, 'last_error', message, 'last_cause', cause)
end
