import RedisClient

extension RedisScript {
    /// Takes PMs that are due for a look; until the deadline, no other worker takes them.
    ///
    /// - KEYS: 1 discovery.
    /// - ARGV: 1 prefix, 2 how many at most, 3 ms until another worker may take them.
    /// - Returns: `{ms until the next one is due, or -1, {HGETALL of a PM, …}, the time now in ms, {what is broken, …}}`; a PM
    ///   whose record is broken or lost is left as it is, and asked for again as any other.
    static let takeDue = RedisScript(
        name: "take-due",
        source: Fragment.clock + Fragment.brokenRecords + #"""
            local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', whole(now_ms), 'LIMIT', 0, tonumber(ARGV[2]))
            local machines, problems = {}, {}
            for _, pm in ipairs(due) do
              local over = whole(now_ms + tonumber(ARGV[3]))
              redis.call('ZADD', KEYS[1], over, pm)
              local problem = broken_pm(pm)
              if not problem and redis.call('HEXISTS', P .. 'pm:' .. pm, 'address') == 0 then
                problem = P .. 'pm:' .. pm .. ' has no address'
              end
              if problem then
                problems[#problems + 1] = problem
              else
                redis.call('HSET', P .. 'pm:' .. pm, 'looking_until', over)
                redis.call('HDEL', P .. 'pm:' .. pm, 'look_again')
                machines[#machines + 1] = redis.call('HGETALL', P .. 'pm:' .. pm)
              end
            end
            local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
            return {first[2] and math.max(0, tonumber(first[2]) - now_ms) or -1, machines, now_ms, problems}
            """#
    )

    /// Writes what a look at a PM found and sets the time of the next one.
    ///
    /// A good look takes one off the PM's recent failures, every 30 s at most; a PM that is up again gets the jobs that were put off.
    /// Where the set of its VMs is not as large as its record says, or `hvc:vms` was lost, both are made anew.
    ///
    /// - KEYS: 1 discovery.
    /// - ARGV: 1 prefix, 2 pm, 3 ms until the next look, 4 `1` where figures were measured, 5 the time in ms before all of
    ///   its domains were read, or empty where they were not, then field, value, …; none of them is a claim's.
    /// - Returns: 1, or 0 where the PM is no longer known.
    static let recordDiscovery = RedisScript(
        name: "record-discovery",
        source: Fragment.clock + Fragment.event + Fragment.touch + Fragment.room + Fragment.brokenRecords
            + Fragment.requeue + Fragment.putOff + Fragment.ready + Fragment.recount + #"""
                local pm = ARGV[2]
                local key = P .. 'pm:' .. pm
                refuse(broken_pm(pm) or wrong_kind('discovery', 'fleet', 'events', 'delayed', 'queue', 'pms', 'vms')
                  or broken_counters())
                if redis.call('HEXISTS', key, 'address') == 0 then return 0 end
                local state, before = redis.call('HGET', key, 'state'), room(pm) or {0, 0, 0}
                redis.call('HSET', key, 'checked_at', now, unpack(ARGV, 6))
                if ARGV[4] == '1' then redis.call('HSET', key, 'measured_at', now) end
                if ARGV[5] ~= '' then redis.call('HSET', key, 'inventory_at', iso(tonumber(ARGV[5]))) end
                local after = room(pm) or {0, 0, 0}
                touch(pm, after[1] > before[1] or after[2] > before[2] or after[3] > before[3])
                local again = redis.call('HDEL', key, 'look_again') == 1
                redis.call('HDEL', key, 'looking_until')
                if redis.call('ZSCORE', KEYS[1], pm) then
                  redis.call('ZADD', KEYS[1], whole(now_ms + (again and 0 or tonumber(ARGV[3]))), pm)
                end
                local f = redis.call('HMGET', key, 'state', 'reason', 'failures', 'failed_at')
                if f[1] == 'up' and f[3] and tonumber(f[4] or 0) + 30000 <= now_ms then
                  redis.call('HSET', key, 'failed_at', whole(now_ms))
                  if redis.call('HINCRBY', key, 'failures', -1) <= 0 then redis.call('HDEL', key, 'failures', 'failed_at') end
                end
                if f[1] == 'up' and state ~= 'up' then
                  for _, job in ipairs(redis.call('SMEMBERS', key .. ':delayed')) do take_up(job) end
                end
                check_index(pm)
                event('pm.checked', 'pm', pm, 'state', f[1], 'reason', f[2] or '')
                mark_ready()
                return 1
                """#
    )
}
