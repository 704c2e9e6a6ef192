-- `vms_digest(pm)`: a text that changes with what a probe compares of the records of the PM's VMs, empty where there are
-- none; and how many there are. A worker that knows it need not read the records.

local function vms_digest(pm)
  local vms = {}
  for _, consumer in ipairs(redis.call('HKEYS', P .. 'pm:' .. pm .. ':claims')) do
    vms[#vms + 1] = string.match(consumer, '^vm:(%d+)$')
  end
  if #vms == 0 then return '', 0 end
  table.sort(vms)
  local words = {}
  for _, vm in ipairs(vms) do
    words[#words + 1] = vm
    local v = redis.pcall('HMGET', P .. 'vm:' .. vm, 'uuid', 'pm', 'state', 'job', 'settled_at', 'also_on', 'duplicate',
      'drift', 'state_reason')
    for i = 1, 9 do words[#words + 1] = v[i] or '' end
  end
  return table.concat(words, '\n'), #vms
end
