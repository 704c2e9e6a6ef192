-- `penalize(pm)`: notes that a create failed on the PM, which is then asked after others.
--
-- needs: fleet_version, time

local function penalize(pm)
  redis.call('HINCRBY', P .. 'pm:' .. pm, 'failures', 1)
  redis.call('HSET', P .. 'pm:' .. pm, 'failed_at', whole(now_ms))
  touch(pm, false)
end
