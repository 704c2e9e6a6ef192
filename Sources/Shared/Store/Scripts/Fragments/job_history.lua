-- `keep_history(job, vm, request, project, size, retention)`: bounds the records of jobs that ended, now that one more has.
--
-- `retention` is `SECONDS:COUNT:BYTES:SECONDS`: a record goes after that time, its explanation after the second one, and
-- before it where more jobs, or more bytes of their records, have ended since. At most ten go at once, so that a bound that
-- became smaller does not keep Redis.
--
-- An entry of `jobs:ended` is a job, its VM, its request, its project, and the bytes of all that have ended up to it: the difference of
-- two is what lies between them. `size` is what varies of the record; what it has at least is added. The entry outlives a
-- record that went by its time, and so takes it out of the index.
--
-- `broken_history(job, writes_steps)`: what is broken of what that reads, which it need not read again then; with
-- `writes_steps` the script writes lines of the job's step log before.
--
-- needs: job_index, time

local function bytes_until(entry) return tonumber(string.match(entry or '', ':(%d+)$') or 0) end
-- What was read of it before the first write.
local history = {}
local function broken_history(job, writes_steps)
  local latest = redis.pcall('LINDEX', P .. 'jobs:ended', '0')
  if type(latest) == 'table' then return P .. 'jobs:ended must be a list' end
  local steps = redis.pcall('HLEN', P .. 'job:' .. job .. ':steps')
  if writes_steps then
    if type(steps) == 'table' then return P .. 'job:' .. job .. ':steps must be a hash' end
    steps = math.max(1, steps)
  end
  history = {job = job, latest = latest, steps = steps}
end
local function keep_history(job, vm, request, project, size, retention)
  local key, ended = P .. 'job:' .. job, P .. 'jobs:ended'
  local seconds, count, bytes, explained = string.match(retention, '^(%d+):(%d+):(%d+):(%d+)$')
  if history.job ~= job and broken_history(job) then history = {} end
  local latest, steps, explanation = history.latest, history.steps, redis.pcall('STRLEN', key .. ':explanation')
  history = {}
  redis.call('EXPIRE', key, seconds)
  if steps ~= 0 then redis.call('EXPIRE', key .. ':steps', seconds) end
  if explanation ~= 0 then redis.call('EXPIRE', key .. ':explanation', explained) end
  -- One of another type goes with the record, and counts nothing.
  if type(steps) == 'number' then size = size + 150 * steps end
  if type(explanation) == 'number' then size = size + explanation end
  local total = bytes_until(latest) + 600 + size
  local entry = table.concat({job, vm, request, project, whole(total)}, ':')
  local surplus = redis.call('LPUSH', ended, entry) - tonumber(count)
  for _ = 1, 10 do
    local oldest = redis.call('LINDEX', ended, '-1')
    local old, of_vm, of_request, of_project = string.match(oldest, '^(%d+):(%d*):([^:]*):?([^:]*):%d+$')
    -- Those of earlier versions say nothing of VM and request.
    old = old or string.match(oldest, '^%d+')
    local record = P .. 'job:' .. (old or '')
    if surplus <= 0 and total - bytes_until(oldest) <= tonumber(bytes) and redis.call('EXISTS', record) == 1 then break end
    redis.call('RPOP', ended)
    surplus = surplus - 1
    if old then redis.call('DEL', record, record .. ':explanation', record .. ':steps') end
    if of_vm and of_vm ~= '' then unindex_job(old, of_vm, of_request, of_project) end
  end
end
