-- Reads the entries of the audit log that are not sealed yet, for the one worker that seals them.
--
-- ARGV worker    the run of a worker that would
-- ARGV lease_ms  for how long it is the one
-- ARGV limit     how many at most
-- Returns: `{'ok', last, digest, {entry, …}}`: the entry that was sealed last, and its seal, both empty for none; `{'busy'}`
--   where another worker seals.
--
-- needs: broken_records

refuse(wrong_kind('audit', 'audit:seals', 'audit:chain'))
local sealer = redis.call('GET', P .. 'audit:sealer')
if sealer and sealer ~= worker then return {'busy'} end
redis.call('SET', P .. 'audit:sealer', worker, 'PX', lease_ms)
local c = redis.call('HMGET', P .. 'audit:chain', 'last', 'digest')
local from = c[1] and '(' .. c[1] or '-'
return {'ok', c[1] or '', c[2] or '', redis.call('XRANGE', P .. 'audit', from, '+', 'COUNT', limit)}
