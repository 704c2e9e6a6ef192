import RedisClient

extension RedisScript {
    /// Says that a worker lives, and forgets those that were silent for a day.
    ///
    /// - KEYS: 1 worker, 2 workers.
    /// - ARGV: 1 prefix, 2 worker, 3 lifetime of the record in ms, then field, value, ….
    static let announce = RedisScript(
        name: "announce",
        source: Fragment.clock + #"""
            redis.call('HSET', KEYS[1], 'seen_at', now, unpack(ARGV, 4))
            redis.call('PEXPIRE', KEYS[1], ARGV[3])
            redis.call('ZADD', KEYS[2], whole(now_ms), ARGV[2])
            redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', whole(now_ms - 86400000))
            return 1
            """#
    )
}
