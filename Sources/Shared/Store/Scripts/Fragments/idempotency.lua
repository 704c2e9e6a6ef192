-- What a client's own key for a request has come to, so that the same request is accepted once however often it comes.
--
-- `replay()`: the answer where a request with this key was accepted before; nil where none was, or the request has no key.
--
-- `remember(job, vm)`: keeps what the request came to, for a day. Of more keys than are kept the oldest go sooner; at most ten
-- go at once.
--
-- uses: idempotency_key, fingerprint, nonce
-- needs: broken_records, time
-- constants: idempotency_limit, idempotency_ms

local function replay()
  if idempotency_key == '' then return nil end
  local known = redis.call('GET', P .. 'idempotency:' .. idempotency_key)
  if not known then
    refuse(wrong_kind('idempotency'))
    return nil
  end
  local job, vm, job_nonce, of_request = string.match(known, '^(%d+) (%d+) (%S+) (%S+)$')
  refuse(not job and P .. 'idempotency:' .. idempotency_key .. ' is none of ours')
  if of_request ~= fingerprint then return {'key_reused', job} end
  return {'replayed', job, vm, job_nonce}
end
local function remember(job, vm)
  if idempotency_key == '' then return end
  local index = P .. 'idempotency'
  local known = job .. ' ' .. vm .. ' ' .. nonce .. ' ' .. fingerprint
  redis.call('SET', P .. 'idempotency:' .. idempotency_key, known, 'PX', idempotency_ms)
  redis.call('ZADD', index, whole(now_ms), idempotency_key)
  local surplus = redis.call('ZCARD', index) - idempotency_limit
  for _ = 1, 10 do
    local oldest = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')
    if surplus <= 0 and tonumber(oldest[2]) > now_ms - idempotency_ms then break end
    redis.call('ZREM', index, oldest[1])
    redis.call('DEL', P .. 'idempotency:' .. oldest[1])
    surplus = surplus - 1
  end
end
