-- Reads the entries of the audit log that are not sealed yet, for the one worker that seals them.
--
-- ARGV holder  the worker that seals
-- ARGV limit   how many at most
-- Returns: `{'ok', last, digest, {entry, …}}`: the entry that was sealed last, and its seal, both empty for none; `{'busy'}`
--   where another worker seals.
--
-- needs: broken_records, sole_tasks

if not does('audit', holder) then return {'busy'} end
refuse(wrong_kind('audit', 'audit:seals', 'audit:chain'))
local c = redis.call('HMGET', P .. 'audit:chain', 'last', 'digest')
local from = c[1] and '(' .. c[1] or '-'
return {'ok', c[1] or '', c[2] or '', redis.call('XRANGE', P .. 'audit', from, '+', 'COUNT', limit)}
