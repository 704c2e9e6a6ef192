-- `write_steps(job, first)`: writes lines of the job's step log.
--
-- From `ARGV[first]` on each line has three arguments: its number, the line without its last brace, and the name of the
-- time to add to it, which is now; empty for none. Of the lines the last ones stay. Where that is the first write of a script it
-- refuses a log that is broken.
--
-- `broken_steps(job, first)`: what is broken of the log, where there is anything to write.
--
-- `begin_log(job, name, pm, epoch)`: writes the first line of a new log: a step that begins now.
--
-- needs: broken_records, time
-- constants: step_log_limit

local function broken_steps(job, first)
  return ARGV[first] and wrong_kind('job:' .. job .. ':steps')
end
local function write_steps(job, first)
  if not ARGV[first] then return end
  local key, lines, outdated = P .. 'job:' .. job .. ':steps', {}, {}
  for i = first, #ARGV, 3 do
    local time = ARGV[i + 2] ~= '' and ',"' .. ARGV[i + 2] .. '":"' .. now .. '"' or ''
    lines[#lines + 1] = ARGV[i]
    lines[#lines + 1] = ARGV[i + 1] .. time .. '}'
    local old = tonumber(ARGV[i]) - step_log_limit
    if old > 0 then outdated[#outdated + 1] = old end
  end
  local written = redis.pcall('HSET', key, unpack(lines))
  refuse(type(written) == 'table' and (broken_steps(job, first) or written.err))
  if #outdated > 0 then redis.call('HDEL', key, unpack(outdated)) end
end
local function begin_log(job, name, pm, epoch)
  redis.call('HSET', P .. 'job:' .. job .. ':steps', '1',
    string.format('{"name":"%s","pm":%s,"epoch":%s,"started_at":"%s"}', name, pm, epoch, now))
end
