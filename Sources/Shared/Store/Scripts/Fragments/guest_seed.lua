-- `give_seed(vm, seed, ssh_keys, user_data, network_config)`: notes what the VM's seed disk is made of.
--
-- The summary stays with the VM. The rest stands in `hvc:vm:<id>:seed`, which goes with the end of the VM's create; what stands
-- there, of whatever type, is of no VM that there is.

local function give_seed(vm, seed, ssh_keys, user_data, network_config)
  if seed == '' then return end
  redis.call('HSET', P .. 'vm:' .. vm, 'seed', seed)
  if ssh_keys == '' and user_data == '' and network_config == '' then return end
  local key = P .. 'vm:' .. vm .. ':seed'
  redis.call('DEL', key)
  redis.call('HSET', key, 'ssh_keys', ssh_keys, 'user_data', user_data, 'network_config', network_config)
end
