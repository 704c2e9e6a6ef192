import RedisClient

extension RedisScript {
    /// Makes the PM file's lines the listed PMs; a known address keeps its number, a removed one's is not given again.
    ///
    /// Nothing is done about those that are listed as they were and up, as most are when a worker starts: everybody who
    /// follows the fleet would read them all anew, and all would be looked at at once.
    ///
    /// - KEYS: 1 pms.
    /// - ARGV: 1 prefix, 2 within how many ms the next look at those comes, then for each PM twelve: address, URI, pool,
    ///   domain type, overcommit of cpu, ram, disk, reserve of cpu, ram, disk, tags, network.
    /// - Returns: the numbers, in the file's order.
    static let registerMachines = RedisScript(
        name: "register-machines",
        source: Fragment.clock + Fragment.event + Fragment.touch + Fragment.lookSoon + Fragment.ready
            + Fragment.brokenRecords + Fragment.recount + Fragment.number + Fragment.identities + #"""
                local names = {'address', 'uri', 'pool', 'domain_type_wanted', 'overcommit_cpu', 'overcommit_ram',
                  'overcommit_disk', 'reserve_cpu', 'reserve_ram', 'reserve_disk', 'tags', 'network'}
                local ids, listed = {}, {}
                local latest = whole(now_ms + tonumber(ARGV[2]))
                local function stays(pm, at)
                  local known = redis.call('HMGET', P .. 'pm:' .. pm, 'listed', 'state', 'looking_until', unpack(names))
                  if known[1] ~= '1' or known[2] ~= 'up' then return false end
                  for i = 1, #names do
                    if known[i + 3] ~= ARGV[at + i - 1] then return false end
                  end
                  redis.call('ZADD', KEYS[1], pm, pm)
                  if tonumber(known[3] or 0) <= now_ms then
                    redis.call('ZADD', P .. 'discovery', 'LT', latest, pm)
                  end
                  return true
                end
                local function take(pm, at)
                  local is_lost = redis.call('HEXISTS', P .. 'pm:' .. pm, 'address') == 0
                  if is_lost or redis.call('HGET', P .. 'pm:' .. pm, 'listed') ~= '1' then
                    -- New, or back: what was known of it before it was taken off the list is old.
                    redis.call('HSET', P .. 'pm:' .. pm, 'state', 'unknown', 'reason', 'not looked at yet')
                    redis.call('HDEL', P .. 'pm:' .. pm, 'checked_at', 'looking_until', 'alias_of', 'identity', 'identified_at',
                      'reached_by', 'reached_at')
                    redis.call('ZADD', P .. 'discovery', 0, pm)
                  end
                  local fields = {'id', pm, 'listed', 1}
                  for i, name in ipairs(names) do
                    fields[#fields + 1], fields[#fields + 2] = name, ARGV[at + i - 1]
                  end
                  redis.call('HSET', P .. 'pm:' .. pm, unpack(fields))
                  redis.call('ZADD', KEYS[1], pm, pm)
                  redis.call('ZADD', P .. 'discovery', 'NX', 0, pm)
                  look_soon(pm)
                  touch(pm, true)
                  -- Its record was lost, and its VMs hold their room still.
                  if is_lost and redis.call('EXISTS', P .. 'pm:' .. pm .. ':vms') == 1 then recount(pm) end
                end

                refuse(wrong_kind('pms', 'discovery', 'fleet', 'events', 'vms', 'identities'))
                begin('pm', function(pm) return wrong_kind('pm:' .. pm, 'pm:' .. pm .. ':vms', 'pm:' .. pm .. ':delayed') end)
                for at = 3, #ARGV, #names do
                  local pm = number('pm', ARGV[at], 1)
                  ids[#ids + 1], listed[pm] = pm, true
                  local is_broken = broken_pm(pm)
                  if is_broken or not stays(pm, at) then take(pm, at) end
                  if is_broken then recount(pm) end
                end
                for _, pm in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
                  if not listed[pm] then
                    redis.call('HSET', P .. 'pm:' .. pm, 'listed', 0)
                    redis.call('ZREM', KEYS[1], pm)
                    redis.call('ZREM', P .. 'discovery', pm)
                    touch(pm, false)
                    -- One of the machine's other addresses stands for it from the next look on.
                    for _, other in ipairs(leave_identity(pm, redis.call('HGET', P .. 'pm:' .. pm, 'identity'))) do
                      look_soon(other)
                    end
                  end
                end
                event('catalog.changed', 'kind', 'pm')
                mark_ready()
                return ids
                """#
    )

    /// Makes the image file's lines the listed images.
    ///
    /// Of one that lies on another machine, what a worker found in its copy stays: only a fetch can find anything else.
    ///
    /// - KEYS: 1 images.
    /// - ARGV: 1 prefix, then for each image eight: path, name, state (`ready`, `unusable` or `fetching`), reason, format, bytes of
    ///   the file, bytes of the disk, fingerprint.
    /// - Returns: the numbers, in the file's order.
    static let registerImages = RedisScript(
        name: "register-images",
        source: Fragment.clock + Fragment.event + Fragment.brokenRecords + Fragment.number + #"""
            local ids, listed = {}, {}
            refuse(wrong_kind('images', 'events'))
            begin('image', function(id) return wrong_kind('image:' .. id) end)
            for i = 2, #ARGV, 8 do
              local id = number('image', ARGV[i], 100)
              local key = P .. 'image:' .. id
              ids[#ids + 1], listed[id] = id, true
              local stays = ARGV[i + 2] == 'fetching' and redis.call('HGET', key, 'state') == 'ready'
              redis.call('HSET', key, 'id', id, 'path', ARGV[i], 'name', ARGV[i + 1], 'listed', 1)
              if not stays then
                redis.call('HSET', key, 'state', ARGV[i + 2], 'reason', ARGV[i + 3], 'format', ARGV[i + 4],
                  'file_bytes', ARGV[i + 5], 'disk_bytes', ARGV[i + 6], 'fingerprint', ARGV[i + 7], 'inspected_at', now)
              end
            end
            list('image', ids, listed)
            return ids
            """#
    )

    /// Makes the flavor file's entries the listed types; a known size keeps its number, a number its size.
    ///
    /// Numbers that the file gives are compared with those given earlier before the first write. A type without one
    /// takes the next that no type had and that the file gives to no other.
    ///
    /// - KEYS: 1 types.
    /// - ARGV: 1 prefix, 2 `register` or `check`, which writes nothing, then for each type four: cpu, ram, disk, number
    ///   or empty.
    /// - Returns: the numbers, in the file's order, none after a check; or `refused` and for each type that cannot have its
    ///   number `{index from 0, 'size', the size's number}` or `{index, 'number', the number's size as cpu/ram/disk}`.
    static let registerTypes = RedisScript(
        name: "register-types",
        source: Fragment.clock + #"""
            local numbers = P .. 'type:numbers'
            local refused, given = {'refused'}, {}
            local function size_of(id)
              local t = redis.call('HMGET', P .. 'type:' .. id, 'cpu', 'ram', 'disk')
              return t[1] and t[2] and t[3] and table.concat(t, '/')
            end
            for i = 3, #ARGV, 4 do
              local size, id = table.concat(ARGV, '/', i, i + 2), ARGV[i + 3]
              if id ~= '' then
                given[id] = true
                local known = redis.call('HGET', numbers, size)
                local holder = size_of(id)
                if known and known ~= id then
                  refused[#refused + 1] = {(i - 3) / 4, 'size', known}
                elseif holder and holder ~= size then
                  refused[#refused + 1] = {(i - 3) / 4, 'number', holder}
                end
              end
            end
            if #refused > 1 then return refused end
            if ARGV[2] == 'check' then return {} end

            """# + Fragment.event + Fragment.brokenRecords + Fragment.number + #"""
                refuse(wrong_kind('types', 'events'))
                begin('type', function(id) return wrong_kind('type:' .. id) end)
                if redis.call('EXISTS', numbers) == 0 then restore_numbers('type', 1) end
                local function free()
                  redis.call('HSETNX', P .. 'counters', 'type', 0)
                  local id
                  repeat id = whole(count('type')) until not given[id] and redis.call('EXISTS', P .. 'type:' .. id) == 0
                  return id
                end
                local ids, listed = {}, {}
                for i = 3, #ARGV, 4 do
                  local size = table.concat(ARGV, '/', i, i + 2)
                  local id = redis.call('HGET', numbers, size)
                  if not id then
                    id = ARGV[i + 3] ~= '' and ARGV[i + 3] or free()
                    redis.call('HSET', numbers, size, id)
                  end
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
    /// A map of numbers that was lost is made anew from the records, and a counter that was lost from the map, so that no
    /// number is given to another name. `begin(kind, broken)` goes first: it ends the script where a record that may be
    /// written is broken, and notes the first registration, which tells a Redis that holds our state from one that lost it.
    fileprivate static let number = #"""
        local function begin(kind, broken)
          refuse(broken_counters() or not_whole('counters', false, kind) or wrong_kind(kind .. ':numbers'))
          for _, id in ipairs(redis.call('HVALS', P .. kind .. ':numbers')) do refuse(broken(id)) end
          redis.call('HSETNX', P .. 'counters', 'began_at', now)
        end
        local function name_of(kind, id)
          local key = P .. kind .. ':' .. id
          if kind == 'pm' then return redis.call('HGET', key, 'address') end
          if kind == 'image' then return redis.call('HGET', key, 'path') end
          local t = redis.call('HMGET', key, 'cpu', 'ram', 'disk')
          return t[1] and t[2] and t[3] and t[1] .. '/' .. t[2] .. '/' .. t[3]
        end
        local function restore_numbers(kind, first)
          local function restore(id)
            local name = name_of(kind, id)
            if name then redis.call('HSETNX', P .. kind .. ':numbers', name, id) end
          end
          for _, id in ipairs(redis.call('ZRANGE', P .. kind .. 's', 0, -1)) do restore(id) end
          -- Those that are listed no more; a counter may be as high as a number in a domain's metadata.
          local last = tonumber(redis.call('HGET', P .. 'counters', kind) or 0)
          for id = first, math.min(last, first + 100000) do restore(whole(id)) end
        end
        local function number(kind, name, first)
          local map = P .. kind .. ':numbers'
          if redis.call('EXISTS', map) == 0 then restore_numbers(kind, first) end
          local id = redis.call('HGET', map, name)
          if id then return id end
          local last = tonumber(redis.call('HGET', P .. 'counters', kind) or '')
          if not last then
            last = first - 1
            for _, given in ipairs(redis.call('HVALS', map)) do last = math.max(last, tonumber(given)) end
          end
          repeat last = last + 1 until redis.call('EXISTS', P .. kind .. ':' .. whole(last)) == 0
          redis.call('HSET', P .. 'counters', kind, whole(last))
          redis.call('HSET', map, name, whole(last))
          return whole(last)
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
