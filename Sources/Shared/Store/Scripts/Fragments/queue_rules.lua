-- What people have ruled for the queues. While `hvc:queue:paused` is there nothing is taken off them; `hvc:queue:rules` has,
-- by the jobs for which it is, what becomes of those that have not begun, as JSON with `action` (`reject` or `defer`),
-- `reason` and `at`. For which jobs a rule is, it says in words with a blank between, all of which a job must fit: a kind,
-- `project=NAME`, `label:KEY=VALUE`.
--
-- `is_paused()`; `broken_rules()`: what is broken of the rules, which are read with it.
--
-- `deferring_rule(kind, project, labels)`: the first rule, in the order of their words, that defers such a job; nil for none.
-- It has `words` and `reason`. `labels` are those of the VM, as its record has them.
--
-- `rejected(kind, project, labels)`: the answer where such a job is not accepted; nil where it is.
--
-- needs: broken_records

local rules, is_read = {}, false
local function is_paused() return redis.call('EXISTS', P .. 'queue:paused') == 1 end
local function broken_rules()
  local all = redis.pcall('HGETALL', P .. 'queue:rules')
  if all.err then return P .. 'queue:rules must be a hash' end
  for i = 1, #all, 2 do
    local is_json, rule = pcall(cjson.decode, all[i + 1])
    if not is_json or type(rule) ~= 'table' or type(rule.reason) ~= 'string' then
      return P .. 'queue:rules has a rule for ' .. all[i] .. ' that is none of ours'
    end
    local found = {words = all[i], action = rule.action, reason = rule.reason}
    for word in string.gmatch(all[i], '%S+') do
      local project, label = string.match(word, '^project=(.+)$'), string.match(word, '^label:(.+)$')
      if project then found.project = project elseif label then found.label = label else found.kind = word end
    end
    rules[#rules + 1] = found
  end
  is_read = true
  if #rules > 1 then table.sort(rules, function(a, b) return a.words < b.words end) end
end
local function fits(rule, kind, project, labels)
  return (not rule.kind or rule.kind == kind) and (not rule.project or rule.project == project)
    and (not rule.label or string.find(',' .. (labels or '') .. ',', ',' .. rule.label .. ',', 1, true) ~= nil)
end
local function first_rule(action, kind, project, labels)
  for _, rule in ipairs(rules) do
    if rule.action == action and fits(rule, kind, project, labels) then return rule end
  end
end
local function deferring_rule(kind, project, labels) return first_rule('defer', kind, project, labels) end
local function rejected(kind, project, labels)
  if not is_read then refuse(broken_rules()) end
  local rule = first_rule('reject', kind, project, labels)
  if rule then return {'rejected', rule.words, rule.reason} end
end
