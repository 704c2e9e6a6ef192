-- Schema 0 to 1, a page of a hundred numbers: jobs that have a record stand in the index of jobs.
--
-- ARGV worker   the run of the worker that migrates
-- ARGV step     the name of this step
-- ARGV hundred  the numbers, without their last two digits, and one more
-- Returns: 0; -1 where another worker has taken over.
--
-- needs: job_index, migration_lock

if not hold_migration(worker) then return -1 end
local first = (tonumber(hundred) - 1) * 100
for job = first, first + 99 do
  local j = redis.pcall('HMGET', P .. 'job:' .. string.format('%.0f', job), 'vm', 'request', 'project')
  if not j.err and j[1] then index_job(job, j[1], j[2] or '', j[3]) end
end
pass_migration(step, hundred)
return 0
