-- `write_alias(pm, real)`: writes that a PM is another one's alias, which has no figures of its own.

local function write_alias(pm, real)
  local key = P .. 'pm:' .. pm
  local address = redis.call('HGET', P .. 'pm:' .. real, 'address') or ''
  redis.call('HSET', key, 'alias_of', real, 'state', 'alias', 'reason', 'the same machine as PM ' .. real .. ' ('
    .. address .. '): host UUID, boot id and machine id are equal; take one of the two out of the pm_file')
  redis.call('HDEL', key, 'cpu', 'ram', 'disk', 'available_cpu', 'available_ram', 'available_disk', 'foreign_cpu',
    'foreign_ram', 'foreign_disk', 'measured_claimed_cpu', 'measured_claimed_ram', 'measured_claimed_disk', 'load',
    'source', 'measured_at', 'domains', 'domains_foreign', 'foreign_domains')
end
