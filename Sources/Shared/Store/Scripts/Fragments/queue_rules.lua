-- What people have ruled for the queues. While `hvc:queue:paused` is there nothing is taken off them; `hvc:queue:rules` has,
-- by kind of job, what becomes of those that have not begun, as JSON with `action` (`reject` or `defer`), `reason` and `at`.
--
-- `is_paused()`; `broken_rules()`: what is broken of the rules, which are read with it; `rule_for(kind)`: the rule.
--
-- `rejected(kind)`: the answer where jobs of a kind are not accepted; nil where they are.
--
-- needs: broken_records

local rules = {}
local function is_paused() return redis.call('EXISTS', P .. 'queue:paused') == 1 end
local function broken_rules()
  local all = redis.pcall('HGETALL', P .. 'queue:rules')
  if all.err then return P .. 'queue:rules must be a hash' end
  for i = 1, #all, 2 do
    local is_json, rule = pcall(cjson.decode, all[i + 1])
    if not is_json or type(rule) ~= 'table' or type(rule.reason) ~= 'string' then
      return P .. 'queue:rules has a rule for ' .. all[i] .. ' that is none of ours'
    end
    rules[all[i]] = rule
  end
end
local function rule_for(kind) return rules[kind] end
local function rejected(kind)
  refuse(broken_rules())
  local rule = rules[kind]
  if rule and rule.action == 'reject' then return {'rejected', kind, rule.reason} end
end
