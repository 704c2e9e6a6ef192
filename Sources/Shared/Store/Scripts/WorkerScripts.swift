import RedisClient

extension RedisScript {
    /// Makes a worker known before its first act, unless a live one has its name or other settings.
    ///
    /// A worker is alive while its last sign of life is younger than its own lease.
    ///
    /// - KEYS: 1 worker, 2 workers.
    /// - ARGV: 1 prefix, 2 worker, 3 lifetime of the record in ms, 4 instances that are known to have ended, with spaces
    ///   around each, 5 how many pairs of setting and value follow, then those, which all live workers must share, then more
    ///   pairs of field and value, `instance` among them.
    /// - Returns: `{'ok'}`; `{'taken', '', seen, {HGETALL of the worker}}` where a live one has the name;
    ///   `{'differs', setting, seen, {HGETALL of the other worker}}`. `seen` is its last sign of life in ms since 1970.
    static let registerWorker = RedisScript(
        name: "register-worker",
        source: Fragment.clock + #"""
            local settings_end = 5 + 2 * tonumber(ARGV[5])
            local function seen_alive(worker)
              local r = redis.call('HMGET', P .. 'worker:' .. worker, 'instance', 'lease_ms')
              local seen = tonumber(redis.call('ZSCORE', KEYS[2], worker) or 0)
              if not r[1] or string.find(ARGV[4], ' ' .. r[1] .. ' ', 1, true) then return nil end
              return now_ms - seen <= (tonumber(r[2]) or 0) and seen or nil
            end
            local seen = seen_alive(ARGV[2])
            if seen then return {'taken', '', whole(seen), redis.call('HGETALL', KEYS[1])} end
            -- No lease is longer than an hour.
            for _, worker in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], whole(now_ms - 3600000), '+inf')) do
              seen = worker ~= ARGV[2] and seen_alive(worker)
              for i = 6, seen and settings_end or 0, 2 do
                local value = redis.call('HGET', P .. 'worker:' .. worker, ARGV[i])
                if value and value ~= ARGV[i + 1] then
                  return {'differs', ARGV[i], whole(seen), redis.call('HGETALL', P .. 'worker:' .. worker)}
                end
              end
            end
            redis.call('DEL', KEYS[1])
            redis.call('HSET', KEYS[1], 'seen_at', now, unpack(ARGV, 6))
            redis.call('PEXPIRE', KEYS[1], ARGV[3])
            redis.call('ZADD', KEYS[2], whole(now_ms), ARGV[2])
            return {'ok'}
            """#
    )

    /// Says that a worker lives, and forgets those that were silent for a day.
    ///
    /// - KEYS: 1 worker, 2 workers.
    /// - ARGV: 1 prefix, 2 worker, 3 lifetime of the record in ms, 4 instance or empty, then field, value, ….
    /// - Returns: 1, or 0 where the name is another instance's by now.
    static let announce = RedisScript(
        name: "announce",
        source: Fragment.clock + #"""
            local owner = redis.call('HGET', KEYS[1], 'instance')
            if owner and ARGV[4] ~= '' and owner ~= ARGV[4] then return 0 end
            redis.call('HSET', KEYS[1], 'seen_at', now, unpack(ARGV, 5))
            redis.call('PEXPIRE', KEYS[1], ARGV[3])
            redis.call('ZADD', KEYS[2], whole(now_ms), ARGV[2])
            redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', whole(now_ms - 86400000))
            return 1
            """#
    )

    /// Gives a worker's name back at its end; its list stays known to the sweep.
    ///
    /// - KEYS: 1 worker.
    /// - ARGV: 1 prefix, 2 instance.
    /// - Returns: 1, or 0 where the name is another instance's.
    static let unregisterWorker = RedisScript(
        name: "unregister-worker",
        source: #"""
            if redis.call('HGET', KEYS[1], 'instance') ~= ARGV[2] then return 0 end
            return redis.call('DEL', KEYS[1])
            """#
    )
}
