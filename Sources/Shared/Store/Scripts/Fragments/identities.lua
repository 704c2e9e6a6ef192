-- `join_identity(pm, identity)`: adds a PM to those whose address leads to a machine, and returns them, lowest number first;
-- `leave_identity(pm, identity)`: takes it off.

local function identity_members(identity)
  local members = {}
  for pm in string.gmatch(redis.call('HGET', P .. 'identities', identity) or '', '%d+') do
    members[#members + 1] = pm
  end
  return members
end
local function join_identity(pm, identity)
  local members = identity_members(identity)
  for _, member in ipairs(members) do
    if member == pm then return members end
  end
  members[#members + 1] = pm
  table.sort(members, function(a, b) return tonumber(a) < tonumber(b) end)
  redis.call('HSET', P .. 'identities', identity, table.concat(members, ','))
  return members
end
local function leave_identity(pm, identity)
  if (identity or '') == '' then return {} end
  local others = {}
  for _, member in ipairs(identity_members(identity)) do
    if member ~= pm then others[#others + 1] = member end
  end
  if #others == 0 then redis.call('HDEL', P .. 'identities', identity)
  else redis.call('HSET', P .. 'identities', identity, table.concat(others, ',')) end
  return others
end
