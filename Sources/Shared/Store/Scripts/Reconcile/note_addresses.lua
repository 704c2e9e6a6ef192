-- Writes the addresses of VMs that run, where they have changed.
--
-- ARGV pm        the PM that has them
-- ARGV found...  for each VM five: its number, its UUID, its addresses as `address source scope mac,…`, the one to try
--   first, and why there is none; the last three may be empty
-- Returns: the numbers of the VMs whose records say so now.
--
-- needs: broken_records, events, time

refuse(wrong_kind('events'))
local written = {}
for i = found, #ARGV, 5 do
  local vm, uuid, addresses, primary, reason = unpack(ARGV, i, i + 4)
  local key = P .. 'vm:' .. vm
  local v = redis.pcall('HMGET', key, 'uuid', 'pm', 'state', 'addresses', 'addresses_reason', 'addressed_at', 'running_at')
  if not v.err and v[1] == uuid and v[2] == pm and (v[3] == 'running' or v[3] == 'paused' or v[3] == 'building') then
    -- What was known of an earlier run counts as new.
    local is_current = v[6] and v[6] >= (v[7] or '')
    local since, before, after, texts = {}, {}, {}, {}
    for line, at in string.gmatch(v[4] or '', '([^,]+) ([^ ,]+)') do
      before[#before + 1] = line
      since[line] = is_current and at
    end
    for line in string.gmatch(addresses, '[^,]+') do
      after[#after + 1] = line .. ' ' .. (since[line] or now)
      texts[#texts + 1] = string.match(line, '^[^ ]+')
    end
    local text = table.concat(after, ',')
    if not is_current or text ~= (v[4] or '') or reason ~= (v[5] or '') then
      redis.call('HSET', key, 'addresses', text, 'primary_ip', primary, 'addresses_reason', reason, 'addressed_at', now)
    end
    if addresses ~= table.concat(before, ',') then
      event('vm.address', 'vm', vm, 'pm', pm, 'primary_ip', primary, 'addresses', table.concat(texts, ','))
    end
    written[#written + 1] = tonumber(vm)
  end
end
return written
