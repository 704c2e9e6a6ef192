-- `add_dead(line, reason)`: puts an entry on the dead-letter list. It keeps the newest entries, and of each as much as an
-- entry of ours has, so that its size is bounded.
--
-- needs: time
-- constants: dead_letter_limit, dead_letter_bytes

local function add_dead(line, reason)
  local entry, why = string.sub(line, 1, dead_letter_bytes), string.sub(reason, 1, dead_letter_bytes)
  redis.call('LPUSH', P .. 'dead', cjson.encode({entry = entry, reason = why, at = now}))
  redis.call('LTRIM', P .. 'dead', 0, dead_letter_limit - 1)
end
