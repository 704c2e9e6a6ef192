-- Puts jobs that have a record into the index of jobs.
--
-- ARGV jobs...  the jobs
-- Returns: 1.
--
-- needs: broken_records, job_index

refuse(wrong_kind('jobs'))
for i = jobs, #ARGV do
  local j = redis.pcall('HMGET', P .. 'job:' .. ARGV[i], 'vm', 'request', 'project')
  if not j.err and j[1] then index_job(ARGV[i], j[1], j[2] or '', j[3]) end
end
return 1
