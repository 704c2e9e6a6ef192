-- `index_vm(vm, field, value, …)`, `unindex_vm(vm, field, value, …)`: has a VM found by what its record says in the fields
-- `name`, `state`, `project`, `labels` and `macs`, or no longer.
--
-- `has_mac(mac)`: whether any VM has this MAC address.
--
-- `hvc:vms:index` is a sorted set without scores. An entry is a term, such as `name=web`, `state=running`,
-- `mac=52:54:00:0a:1b:2c` or `label:env=prod`, a line feed, and the VM's number in 15 digits: so the VMs of a term stand together,
-- by number.
--
-- Searches alone depend on it: a key of another type stops no job (pcall), and an audit writes anew what is missing.

local function index_entries(vm, ...)
  -- Cheaper than to format a number.
  local entries, number = {}, '\n' .. string.sub('000000000000000' .. vm, -15)
  for i = 1, select('#', ...), 2 do
    local field, value = select(i, ...)
    if field == 'labels' then
      for label in string.gmatch(value or '', '[^,]+') do entries[#entries + 1] = 'label:' .. label .. number end
    elseif field == 'macs' then
      for mac in string.gmatch(value or '', '[^,]+') do entries[#entries + 1] = 'mac=' .. mac .. number end
    elseif (field == 'name' or field == 'state' or field == 'project') and value then
      entries[#entries + 1] = field .. '=' .. value .. number
    end
  end
  return entries
end
local function index_vm(vm, ...)
  local scored = {}
  for i, entry in ipairs(index_entries(vm, ...)) do scored[2 * i - 1], scored[2 * i] = '0', entry end
  if #scored > 0 then redis.pcall('ZADD', P .. 'vms:index', unpack(scored)) end
end
local function unindex_vm(vm, ...)
  local entries = index_entries(vm, ...)
  if #entries > 0 then redis.pcall('ZREM', P .. 'vms:index', unpack(entries)) end
end
local function has_mac(mac)
  local found = redis.pcall('ZRANGEBYLEX', P .. 'vms:index', '[mac=' .. mac .. '\n', '(mac=' .. mac .. '\v', 'LIMIT', 0, 1)
  return not found.err and #found > 0
end
