-- `take_dead_letter(job)`: removes the entry of a job that was given up from the dead-letter list, and the job from the history.
--
-- Both lists are gone through: people ask for this, and they are bounded.

local function take_dead_letter(job)
  local function remove(key, is_meant)
    local from = 0
    repeat
      local page = redis.call('LRANGE', P .. key, from, from + 499)
      for _, line in ipairs(page) do
        if is_meant(line) then return redis.call('LREM', P .. key, 1, line) end
      end
      from = from + 500
    until #page < 500
  end
  -- The entry stands there as text, with its quotation marks escaped.
  remove('dead', function(line) return string.match(line, 'job\\":(%d+)') == job end)
  remove('jobs:ended', function(line) return string.match(line, '^(%d+):') == job end)
end
