-- The index of jobs, `hvc:jobs`: words of which each ends in the number of a job, so that all jobs, those of a VM and those
-- of a request are found in the order of their numbers.
--
-- `index_job(job, vm, request)`, `unindex_job(job, vm, request)`: puts a job there, and takes it away.
--
-- An index of another type is no reason to refuse or keep a job: whoever reads the index says what is broken.
--
local function index_words(job, vm, request)
  local number = string.format('%015d', job)
  local words = {'all:' .. number, string.format('vm:%015d:', vm) .. number}
  if request ~= '' then words[3] = 'request:' .. request .. ':' .. number end
  return words
end
local function index_job(job, vm, request)
  local words = index_words(job, vm, request)
  if words[3] then
    redis.pcall('ZADD', P .. 'jobs', 0, words[1], 0, words[2], 0, words[3])
  else
    redis.pcall('ZADD', P .. 'jobs', 0, words[1], 0, words[2])
  end
end
local function unindex_job(job, vm, request)
  redis.pcall('ZREM', P .. 'jobs', unpack(index_words(job, vm, request)))
end
