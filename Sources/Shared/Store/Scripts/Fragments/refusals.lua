-- `note_refusal(job, kind, needs, code, decision)`: keeps that a job got no place, for those who plan capacity. The stream
-- keeps about 10,000 of them.

local function note_refusal(job, kind, needs, code, decision)
  redis.call('XADD', P .. 'refusals', 'MAXLEN', '~', 10000, '*', 'job', job, 'kind', kind, 'code', code, 'cpu', needs[1],
    'ram', needs[2], 'disk', needs[3], 'miss', string.match(decision, '"nearest_miss":(%b{})') or '')
end
