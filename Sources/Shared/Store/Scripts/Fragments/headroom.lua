-- `read_headroom(pm, field, …)`: the fields that headroom follows from, then those named; `headroom_in(fields)`: cpu, ram,
-- disk by them, or nil where the PM takes no VMs.
--
-- The claims are the fields 7, 14 and 21, and those named begin with 25.
--
-- The arithmetic of `PhysicalMachine.headroom`; a test runs the same cases through both.

local function read_headroom(pm, ...)
  return redis.pcall('HMGET', P .. 'pm:' .. pm, 'state', 'cordoned', 'listed',
    'cpu', 'overcommit_cpu', 'foreign_cpu', 'claimed_cpu', 'available_cpu', 'measured_claimed_cpu', 'reserve_cpu',
    'ram', 'overcommit_ram', 'foreign_ram', 'claimed_ram', 'available_ram', 'measured_claimed_ram', 'reserve_ram',
    'disk', 'overcommit_disk', 'foreign_disk', 'claimed_disk', 'available_disk', 'measured_claimed_disk',
    'reserve_disk', ...)
end
local function headroom_in(v)
  if v[1] ~= 'up' or v[2] == '1' or v[3] ~= '1' then return nil end
  local free = {}
  for i = 1, 3 do
    local at = 3 + 7 * (i - 1)
    if not v[at + 1] then return nil end
    local function n(k)
      local value = v[at + k]
      -- Most are 0, and to read a number costs more than to compare a text.
      return value and value ~= '0' and tonumber(value) or 0
    end
    local promised = math.floor(n(1) * n(2) * (1 + 1e-12)) - n(7) - n(3) - n(4)
    local measured = n(5) - n(7) - math.max(0, n(4) - n(6))
    free[i] = math.max(0, math.min(promised, measured))
  end
  return free
end
