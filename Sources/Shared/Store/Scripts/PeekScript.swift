import RedisClient

extension RedisScript {
    /// Reads the oldest entries of the queue and what changed of the fleet since a version; changes nothing.
    ///
    /// - KEYS: 1 queue.
    /// - ARGV: 1 prefix, 2 the version known, 3 how many entries at most.
    /// - Returns: `{version, room version, {entry, …} newest first, {{pm, HGETALL…}, …}, reset, {placed, …}, more, time}`;
    ///   `reset` is 1 where the version known is none of this Redis', so that all PMs are told and the others are to be
    ///   forgotten; `placed` is, for each entry, the PM that holds room for its VM already, or empty; `more` is 1 where
    ///   more PMs changed than are told at once, and `version` is that of the last one told; `time` is now, in ms.
    static let peek = RedisScript(
        name: "peek",
        source: #"""
            local P, since = ARGV[1], tonumber(ARGV[2])
            local c = redis.call('HMGET', P .. 'counters', 'fleet', 'room')
            local version, reset, more = tonumber(c[1] or 0), 0, 0
            if since > version then since, reset = 0, 1 end
            local machines = {}
            if since < version then
              local limit = 250
              local changed = redis.call('ZRANGEBYSCORE', P .. 'fleet', '(' .. string.format('%.0f', since), '+inf',
                'WITHSCORES', 'LIMIT', 0, limit)
              for i = 1, #changed, 2 do
                machines[#machines + 1] = {changed[i], redis.call('HGETALL', P .. 'pm:' .. changed[i])}
              end
              if #machines == limit then version, more = tonumber(changed[#changed]), 1 end
            end
            local lines, placed = {}, {}
            if tonumber(ARGV[3]) > 0 then lines = redis.call('LRANGE', KEYS[1], -tonumber(ARGV[3]), -1) end
            for i, line in ipairs(lines) do
              local vm = string.match(line, '"vm":(%d+)')
              placed[i] = vm and redis.call('HGET', P .. 'vm:' .. vm, 'pm') or ''
            end
            local t = redis.call('TIME')
            local time = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
            return {version, c[2] or '0', lines, machines, reset, placed, more, time}
            """#
    )
}
