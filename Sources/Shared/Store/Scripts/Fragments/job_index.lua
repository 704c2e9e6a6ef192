-- The index of jobs, `hvc:jobs`: words of which each ends in the number of a job, so that all jobs, those of a VM, of a
-- request and of a project are found in the order of their numbers.
--
-- `index_job(job, vm, request, project)`, `unindex_job(job, vm, request, project)`: puts a job there, and takes it away.
--
-- An index of another type is no reason to refuse or keep a job: whoever reads the index says what is broken.
--
local function index_words(job, vm, request, project)
  -- Cheaper than to format numbers.
  local number = string.sub('000000000000000' .. job, -15)
  local words = {'all:' .. number}
  -- A record that was damaged by hand may name no VM.
  if string.match(vm, '^%d+$') then words[2] = 'vm:' .. string.sub('000000000000000' .. vm, -15) .. ':' .. number end
  if request ~= '' then words[#words + 1] = 'request:' .. request .. ':' .. number end
  -- Jobs of before there were projects have none.
  if project and project ~= '' then words[#words + 1] = 'project:' .. project .. ':' .. number end
  return words
end
local function index_job(job, vm, request, project)
  local scored = {}
  for i, word in ipairs(index_words(job, vm, request, project)) do scored[2 * i - 1], scored[2 * i] = '0', word end
  redis.pcall('ZADD', P .. 'jobs', unpack(scored))
end
local function unindex_job(job, vm, request, project)
  redis.pcall('ZREM', P .. 'jobs', unpack(index_words(job, vm, request, project)))
end
