import RedisClient

extension RedisScript {
    /// Changes what stands on a simulated PM, where that still is as it was when it was looked at.
    ///
    /// - KEYS: 1 the simulated PM.
    /// - ARGV: 1 prefix, 2 how many fields were looked at, then field, value for each of them, then field, value for each
    ///   change; an empty value is a field that is not there.
    /// - Returns: 1, or 0 where somebody was faster; then nothing was changed.
    static let changeSimulated = RedisScript(
        name: "change-simulated",
        source: #"""
            local changes = 3 + 2 * tonumber(ARGV[2])
            for i = 3, changes - 1, 2 do
              if (redis.call('HGET', KEYS[1], ARGV[i]) or '') ~= ARGV[i + 1] then return 0 end
            end
            for i = changes, #ARGV, 2 do
              if ARGV[i + 1] == '' then
                redis.call('HDEL', KEYS[1], ARGV[i])
              else
                redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
              end
            end
            return 1
            """#
    )
}
