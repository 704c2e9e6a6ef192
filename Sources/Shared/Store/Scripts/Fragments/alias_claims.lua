-- `make_alias(pm, real)`: makes a PM another one's alias; what VMs and jobs claim there they claim on the real one from then
-- on.
--
-- A VM whose record is broken stays where it is.
--
-- needs: alias_record, broken_records, claims, events, fleet_version, job_claim, probe_schedule

local function make_alias(pm, real)
  write_alias(pm, real)
  for _, consumer in ipairs(redis.call('HKEYS', P .. 'pm:' .. pm .. ':claims')) do
    local vm, job = string.match(consumer, '^vm:(%d+)$'), string.match(consumer, '^job:(%d+)$')
    if job then move_job_claim(job, pm, real) end
    local key = vm and P .. 'vm:' .. vm
    local is_broken = not vm or broken_vm(vm) or broken_pm(pm, vm) or broken_pm(real, vm)
    if not is_broken and redis.call('HGET', key, 'pm') == pm then
      remove_claim(vm)
      redis.call('HSET', key, 'pm', real)
      redis.call('HDEL', key, 'also_on', 'also_on_at', 'duplicate')
      add_claim(vm, real)
      event('vm.moved', 'vm', vm, 'pm', real, 'from', pm, 'state', redis.call('HGET', key, 'state') or '')
    end
  end
  touch(pm, false)
  probe_soon(real)
  event('pm.alias', 'pm', pm, 'alias_of', real)
end
