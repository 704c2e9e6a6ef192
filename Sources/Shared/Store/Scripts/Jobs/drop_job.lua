-- Takes a job that was given up out of the dead-letter list; it counts as failed from then on.
--
-- Its VM stays as it is, for a destroy.
--
-- ARGV job        the job
-- ARGV retention  how long what is kept of ended jobs
-- ARGV author     who asks for it, as `audit_log` takes it; empty for nobody
-- Returns: `{'ok'}`; `{'unknown_job'}`; `{'not_dead', state}`.
--
-- needs: audit_log, broken_records, dead_letters, events, job_history

refuse(broken_audit_log() or broken_job(job) or wrong_kind('dead', 'jobs:ended', 'events'))
local j = redis.call('HMGET', P .. 'job:' .. job, 'state', 'vm', 'request', 'error', 'cause', 'project')
if not j[1] then return {'unknown_job'} end
if j[1] ~= 'dead' then return {'not_dead', j[1]} end
take_dead_letter(job)
redis.call('HSET', P .. 'job:' .. job, 'state', 'failed')
keep_history(job, j[2] or '', j[3] or '', j[6] or '', #(j[4] or '') + #(j[5] or ''), retention)
event('job.dropped', 'job', job, 'vm', j[2] or '')
audited('vm', j[2] or '', 'job', job)
return {'ok'}
