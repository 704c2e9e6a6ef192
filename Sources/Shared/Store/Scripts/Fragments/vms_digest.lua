-- `vms_digest(pm)`: a text that changes with what a probe compares of the records of the PM's VMs, empty where there are
-- none; and how many there are. A worker that knows it need not read the records.

local function vms_digest(pm)
  local vms, words = {}, {}
  for _, consumer in ipairs(redis.call('HKEYS', P .. 'pm:' .. pm .. ':claims')) do
    local vm = string.match(consumer, '^vm:(%d+)$')
    if vm then vms[#vms + 1] = vm else words[#words + 1] = consumer end
  end
  if #vms == 0 and #words == 0 then return '', 0 end
  table.sort(vms)
  table.sort(words)
  for _, vm in ipairs(vms) do
    words[#words + 1] = vm
    local v = redis.pcall('HMGET', P .. 'vm:' .. vm, 'uuid', 'pm', 'state', 'job', 'settled_at', 'also_on', 'duplicate',
      'drift', 'state_reason')
    for i = 1, 9 do words[#words + 1] = v[i] or '' end
  end
  return table.concat(words, '\n'), #vms
end
