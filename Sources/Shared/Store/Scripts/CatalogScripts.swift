import RedisClient

extension RedisScript {
    /// Makes the PM file's lines the listed PMs; a known address keeps its number, a removed one's is not given again.
    ///
    /// - KEYS: 1 pms.
    /// - ARGV: 1 prefix, then for each PM eleven: address, URI, pool, domain type, overcommit of cpu, ram, disk, reserve of
    ///   cpu, ram, disk, tags.
    /// - Returns: the numbers, in the file's order.
    static let registerMachines = RedisScript(
        name: "register-machines",
        source: Fragment.clock + Fragment.event + Fragment.touch + Fragment.lookSoon + Fragment.ready + Fragment.number
            + #"""
            local ids, listed = {}, {}
            for i = 2, #ARGV, 11 do
              local pm = number('pm', ARGV[i], 1)
              ids[#ids + 1], listed[pm] = pm, true
              if not redis.call('ZSCORE', KEYS[1], pm) then
                -- New, or back: what was known of it before it was taken off the list is old.
                redis.call('HSET', P .. 'pm:' .. pm, 'state', 'unknown', 'reason', 'not looked at yet')
                redis.call('HDEL', P .. 'pm:' .. pm, 'checked_at', 'looking_until')
                redis.call('ZADD', P .. 'discovery', 0, pm)
              end
              redis.call('HSET', P .. 'pm:' .. pm, 'id', pm, 'address', ARGV[i], 'uri', ARGV[i + 1],
                'pool', ARGV[i + 2], 'domain_type_wanted', ARGV[i + 3], 'overcommit_cpu', ARGV[i + 4],
                'overcommit_ram', ARGV[i + 5], 'overcommit_disk', ARGV[i + 6], 'reserve_cpu', ARGV[i + 7],
                'reserve_ram', ARGV[i + 8], 'reserve_disk', ARGV[i + 9], 'tags', ARGV[i + 10], 'listed', 1)
              redis.call('ZADD', KEYS[1], pm, pm)
              look_soon(pm)
              touch(pm, true)
            end
            for _, pm in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
              if not listed[pm] then
                redis.call('HSET', P .. 'pm:' .. pm, 'listed', 0)
                redis.call('ZREM', KEYS[1], pm)
                redis.call('ZREM', P .. 'discovery', pm)
                touch(pm, false)
              end
            end
            event('catalog.changed', 'kind', 'pm')
            mark_ready()
            return ids
            """#
    )

    /// Makes the image file's lines the listed images.
    ///
    /// - KEYS: 1 images.
    /// - ARGV: 1 prefix, then for each image eight: path, name, state (`ready` or `unusable`), reason, format, bytes of
    ///   the file, bytes of the disk, fingerprint.
    /// - Returns: the numbers, in the file's order.
    static let registerImages = RedisScript(
        name: "register-images",
        source: Fragment.clock + Fragment.event + Fragment.number + #"""
            local ids, listed = {}, {}
            for i = 2, #ARGV, 8 do
              local id = number('image', ARGV[i], 100)
              ids[#ids + 1], listed[id] = id, true
              redis.call('HSET', P .. 'image:' .. id, 'id', id, 'path', ARGV[i], 'name', ARGV[i + 1],
                'state', ARGV[i + 2], 'reason', ARGV[i + 3], 'format', ARGV[i + 4], 'file_bytes', ARGV[i + 5],
                'disk_bytes', ARGV[i + 6], 'fingerprint', ARGV[i + 7], 'inspected_at', now, 'listed', 1)
            end
            list('image', ids, listed)
            return ids
            """#
    )

    /// Makes the flavor file's entries the listed types.
    ///
    /// - KEYS: 1 types.
    /// - ARGV: 1 prefix, then for each type three: cpu, ram, disk.
    /// - Returns: the numbers, in the file's order.
    static let registerTypes = RedisScript(
        name: "register-types",
        source: Fragment.clock + Fragment.event + Fragment.number + #"""
            local ids, listed = {}, {}
            for i = 2, #ARGV, 3 do
              local id = number('type', ARGV[i] .. '/' .. ARGV[i + 1] .. '/' .. ARGV[i + 2], 1)
              ids[#ids + 1], listed[id] = id, true
              redis.call('HSET', P .. 'type:' .. id, 'id', id, 'cpu', ARGV[i], 'ram', ARGV[i + 1],
                'disk', ARGV[i + 2], 'listed', 1)
            end
            list('type', ids, listed)
            return ids
            """#
    )
}

extension Fragment {
    /// `number(kind, name, first)` and `list(kind, ids, listed)`: a name's number, given once; who is listed.
    ///
    /// The first registration tells a Redis that holds our state from one that has lost it.
    fileprivate static let number = #"""
        redis.call('HSETNX', P .. 'counters', 'began_at', now)
        local function number(kind, name, first)
          local id = redis.call('HGET', P .. kind .. ':numbers', name)
          if id then return id end
          redis.call('HSETNX', P .. 'counters', kind, first - 1)
          id = whole(count(kind))
          redis.call('HSET', P .. kind .. ':numbers', name, id)
          return id
        end
        local function list(kind, ids, listed)
          for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
            if not listed[id] then
              redis.call('HSET', P .. kind .. ':' .. id, 'listed', 0)
              redis.call('ZREM', KEYS[1], id)
            end
          end
          for _, id in ipairs(ids) do redis.call('ZADD', KEYS[1], id, id) end
          event('catalog.changed', 'kind', kind)
        end

        """#
}
