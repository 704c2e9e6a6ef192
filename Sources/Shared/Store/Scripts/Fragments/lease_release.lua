-- `revoke(job, entry, worker)`: takes a running job from its worker, whose epoch no longer counts from then on.
--
-- needs: broken_records

local function revoke(job, entry, worker)
  redis.call('ZREM', P .. 'leases', job)
  if not wrong_kind('processing:' .. worker) then redis.call('LREM', P .. 'processing:' .. worker, 1, entry) end
  redis.call('HINCRBY', P .. 'job:' .. job, 'epoch', 1)
end
