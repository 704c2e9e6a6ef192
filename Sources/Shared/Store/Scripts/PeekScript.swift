import RedisClient

extension RedisScript {
    /// Reads the oldest entries of the queue and what changed of the fleet since a version; changes nothing.
    ///
    /// - KEYS: 1 queue.
    /// - ARGV: 1 prefix, 2 the version known, 3 how many entries at most.
    /// - Returns: `{version, room version, {entry, …} newest first, {{pm, HGETALL…}, …}, reset, {placed, …}}`; `reset` is 1
    ///   where the version known is none of this Redis', so that all PMs are told and the others are to be forgotten;
    ///   `placed` is, for each entry, the PM that holds room for its VM already, or empty.
    static let peek = RedisScript(
        name: "peek",
        source: #"""
            local P, since = ARGV[1], tonumber(ARGV[2])
            local c = redis.call('HMGET', P .. 'counters', 'fleet', 'room')
            local version, reset = tonumber(c[1] or 0), 0
            if since > version then since, reset = 0, 1 end
            local machines = {}
            if since < version then
              for i, pm in ipairs(redis.call('ZRANGEBYSCORE', P .. 'fleet', '(' .. string.format('%.0f', since), '+inf')) do
                machines[i] = {pm, redis.call('HGETALL', P .. 'pm:' .. pm)}
              end
            end
            local lines, placed = redis.call('LRANGE', KEYS[1], -tonumber(ARGV[3]), -1), {}
            for i, line in ipairs(lines) do
              local vm = string.match(line, '"vm":(%d+)')
              placed[i] = vm and redis.call('HGET', P .. 'vm:' .. vm, 'pm') or ''
            end
            return {version, c[2] or '0', lines, machines, reset, placed}
            """#
    )
}
