import RedisClient

extension RedisScript {
    /// Takes or keeps the right to bring an image to a PM.
    ///
    /// - KEYS: 1 transfer.
    /// - ARGV: 1 prefix, 2 holder, 3 ms.
    /// - Returns: 1 where the right is the holder's, else 0.
    static let holdTransfer = RedisScript(
        name: "hold-transfer",
        source: #"""
            local holder = redis.call('GET', KEYS[1])
            if holder and holder ~= ARGV[2] then return 0 end
            redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
            return 1
            """#
    )

    /// Gives the right back.
    ///
    /// - KEYS: 1 transfer.
    /// - ARGV: 1 prefix, 2 holder.
    /// - Returns: 1 where it was the holder's, else 0.
    static let releaseTransfer = RedisScript(
        name: "release-transfer",
        source: #"""
            if redis.call('GET', KEYS[1]) ~= ARGV[2] then return 0 end
            return redis.call('DEL', KEYS[1])
            """#
    )
}
