-- Writes how far guests have come in their present runs, where that is new.
--
-- ARGV pm        the PM that has them
-- ARGV found...  for each VM eight: its number, its UUID, when its run began (ms; empty where
--   its record does not say), the banner of its ssh server, the state of its cloud-init, what
--   that says of it, the host's name and the system's by its agent; those that are not known are empty, and stay as they are
-- Returns: the numbers of the VMs whose records say so now.
--
-- needs: broken_records, events, time

refuse(wrong_kind('events'))
local written = {}
for i = found, #ARGV, 8 do
  local vm, uuid, run, banner, cloud_init, why, hostname, os = unpack(ARGV, i, i + 7)
  local key = P .. 'vm:' .. vm
  local v = redis.pcall('HMGET', key, 'uuid', 'pm', 'state', 'running_at', 'readiness_at', 'ssh_at', 'cloud_init',
    'cloud_init_error', 'guest_hostname', 'guest_os')
  -- One that was started again since is not as far as it was.
  local is_same = not v.err and v[1] == uuid and v[2] == pm and (v[4] or '') == (run ~= '' and iso(tonumber(run)) or '')
  if is_same and (v[3] == 'running' or v[3] == 'paused') then
    -- What was known of an earlier run is forgotten.
    if v[5] and v[5] < (v[4] or '') then
      redis.call('HDEL', key, 'ssh_at', 'ssh_banner', 'cloud_init', 'cloud_init_at', 'cloud_init_error', 'guest_at',
        'guest_hostname', 'guest_os')
      for field = 6, 10 do v[field] = false end
    end
    redis.call('HSET', key, 'readiness_at', now)
    if banner ~= '' and not v[6] then
      redis.call('HSET', key, 'ssh_banner', banner, 'ssh_at', now)
      event('vm.ready', 'vm', vm, 'pm', pm, 'level', 'ssh')
    end
    -- What has ended has ended, also for a worker that has not seen it.
    local is_back = (v[7] == 'done' or v[7] == 'error') and (cloud_init == 'running' or cloud_init == 'unknown')
    if cloud_init ~= '' and not is_back and (cloud_init ~= v[7] or why ~= (v[8] or '')) then
      redis.call('HSET', key, 'cloud_init', cloud_init, 'cloud_init_error', why, 'cloud_init_at', now)
      if cloud_init ~= v[7] and cloud_init ~= 'running' then
        event('vm.ready', 'vm', vm, 'pm', pm, 'level', 'cloud_init', 'state', cloud_init)
      end
    end
    if (hostname ~= '' or os ~= '') and (hostname ~= (v[9] or '') or os ~= (v[10] or '')) then
      redis.call('HSET', key, 'guest_hostname', hostname, 'guest_os', os, 'guest_at', now)
    end
    written[#written + 1] = tonumber(vm)
  end
end
return written
