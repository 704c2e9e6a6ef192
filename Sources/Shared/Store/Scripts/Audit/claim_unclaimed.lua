-- Gives the VMs that are on a PM by their records and have no claim there one, and their jobs that hold one themselves; the
-- PM's sums stay until it is recounted.
--
-- ARGV pm      the PM
-- ARGV vms...  a page of all VMs
-- Returns: how many claims are new.
--
-- needs: broken_records, operations

refuse(wrong_kind('pm:' .. pm .. ':claims'))
local found = 0
for i = vms, #ARGV do
  local v = redis.pcall('HMGET', P .. 'vm:' .. ARGV[i], 'pm', 'cpu', 'ram', 'disk', 'job')
  if not v.err and v[1] == pm and v[2] and v[3] and v[4] and is_whole(v[2]) and is_whole(v[3]) and is_whole(v[4]) then
    found = found + redis.call('HSETNX', P .. 'pm:' .. pm .. ':claims', 'vm:' .. ARGV[i], v[2] .. ',' .. v[3] .. ',' .. v[4])
  end
  local j = not v.err and v[5] and redis.pcall('HMGET', P .. 'job:' .. v[5], 'claim_pm', 'entry', 'kind') or {}
  if j[1] == pm and j[2] then
    local cpu, ram, disk = string.match(j[2], '"cpu":(%d+),"ram":(%d+),"disk":(%d+)')
    if (operation(j[3]) or {}).chooses_pm then cpu, ram, disk = v[2], v[3], v[4] end
    if cpu and ram and disk then
      found = found + redis.call('HSETNX', P .. 'pm:' .. pm .. ':claims', 'job:' .. v[5], cpu .. ',' .. ram .. ',' .. disk)
    end
  end
end
return found
