-- `audited(field, value, …)`: appends to `hvc:audit` what a request of the API has changed, and whose it was. What workers do
-- of themselves is no entry.
--
-- A worker seals the entries, and removes the oldest; where none runs the stream keeps about `audit_kept` of them.
--
-- `broken_audit_log()`: what is broken of it, to be asked before the first write.
--
-- uses: author
-- needs: broken_records
-- constants: audit_kept

local function broken_audit_log() return author ~= '' and wrong_kind('audit') end
local function audited(...)
  if author == '' then return end
  local token, project, route, request, name = string.match(author, '^([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n(.*)$')
  redis.call('XADD', P .. 'audit', 'MAXLEN', '~', audit_kept, '*', 'token', token or '', 'name', name or '', 'project',
    project or '', 'route', route or '', 'request', request or '', ...)
end
