import RedisClient

extension RedisScript {
    /// Takes PMs that are due for a look; until the deadline, no other worker takes them.
    ///
    /// A PM that this worker could not reach is left to the others, as long as one of them has not tried it.
    ///
    /// - KEYS: 1 discovery.
    /// - ARGV: 1 prefix, 2 how many at most, 3 ms until another worker may take them, 4 the worker, or empty for anybody.
    /// - Returns: `{ms until the next one is due, or -1, {HGETALL of a PM, …}, the time now in ms, {what is broken, …}}`; a PM
    ///   whose record is broken or lost is left as it is, and asked for again as any other.
    static let takeDue = RedisScript(
        name: "take-due",
        source: Fragment.time + dueMachines + Fragment.brokenRecords + Fragment.unreached + #"""
            local worker, machines, problems, left = ARGV[4], {}, {}, 0
            for _, pm in ipairs(due) do
              local key = P .. 'pm:' .. pm
              if #machines + #problems == limit then break end
              local problem = broken_pm(pm)
              if not problem and redis.call('HEXISTS', key, 'address') == 0 then problem = key .. ' has no address' end
              if not problem and worker ~= '' and is_left(pm, worker) then
                left = left + 1
              else
                local over = whole(now_ms + tonumber(ARGV[3]))
                redis.call('ZADD', KEYS[1], over, pm)
                if problem then
                  problems[#problems + 1] = problem
                else
                  redis.call('HSET', key, 'looking_until', over)
                  redis.call('HDEL', key, 'look_again')
                  machines[#machines + 1] = redis.call('HGETALL', key)
                end
              end
            end
            -- Those that are left are due, and not for this worker.
            local next_ms = left > 0 and #machines < limit and 1000 or until_next()
            return {next_ms, machines, now_ms, problems}
            """#
    )

    /// Ends the script where nothing is due, as most often: before the fragments that only probes need.
    private static let dueMachines = #"""
        local limit = tonumber(ARGV[2])
        -- Some more than are wanted, where some of them are others' to probe.
        local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', whole(now_ms), 'LIMIT', 0, limit + 256)
        local function until_next()
          local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
          return first[2] and math.max(0, tonumber(first[2]) - now_ms) or -1
        end
        if #due == 0 then return {until_next(), {}, now_ms, {}} end

        """#

    /// Writes what a look at a PM found and sets the time of the next one.
    ///
    /// A good look takes one off the PM's recent failures, every 30 s at most; a PM that is up again gets the jobs that were put off.
    /// Where the set of its VMs is not as large as its record says, or `hvc:vms` was lost, both are made anew.
    /// A look that failed is noted for its worker. It changes nothing else where another worker that lives has reached the
    /// PM lately; while one has not tried, the PM is due for that one. An alias stays one, and gets no figures.
    ///
    /// - KEYS: 1 discovery.
    /// - ARGV: 1 prefix, 2 pm, 3 ms until the next look, 4 `1` where figures were measured, 5 the time in ms before all of
    ///   its domains were read, or empty where they were not, 6 the worker, or empty, 7 for how many ms it counts that a
    ///   worker has reached the PM, then field, value, …; none of them is a claim's.
    /// - Returns: `{state, reason}` as they are written now, `{state, reason, 1}` where the look changed nothing; empty where
    ///   the PM is no longer known.
    static let recordDiscovery = RedisScript(
        name: "record-discovery",
        source: Fragment.clock + Fragment.event + Fragment.touch + Fragment.room + Fragment.brokenRecords
            + Fragment.requeue + Fragment.putOff + Fragment.ready + Fragment.recount + Fragment.unreached
            + Fragment.identities + Fragment.beAlias + #"""
                local pm, worker, window = ARGV[2], ARGV[6], tonumber(ARGV[7])
                local key = P .. 'pm:' .. pm
                refuse(broken_pm(pm) or wrong_kind('discovery', 'fleet', 'events', 'delayed', 'queue', 'pms', 'vms',
                  'identities', 'pm:' .. pm .. ':unreached') or broken_counters())
                if redis.call('HEXISTS', key, 'address') == 0 then return {} end
                local known = redis.call('HMGET', key, 'state', 'reason', 'reached_by', 'reached_at', 'alias_of', 'identity',
                  'listed')
                local state, before, fields = known[1], room_in(read_room(pm)) or {0, 0, 0}, {}
                for i = 8, #ARGV, 2 do fields[ARGV[i]] = ARGV[i + 1] end

                local is_others = false
                if worker ~= '' and fields.state == 'up' then
                  redis.call('HSET', key, 'reached_by', worker, 'reached_at', now)
                  redis.call('HDEL', key .. ':unreached', worker)
                elseif worker ~= '' then
                  redis.call('HSET', key .. ':unreached', worker, now .. ' ' .. (fields.reason or ''))
                  redis.call('PEXPIRE', key .. ':unreached', ARGV[7])
                  is_others = untried(pm, worker)
                  if is_others and (state == 'up' or state == 'alias') and reached_by_other(known, worker, window) then
                    redis.call('HDEL', key, 'looking_until', 'look_again')
                    if redis.call('ZSCORE', KEYS[1], pm) then redis.call('ZADD', KEYS[1], whole(now_ms), pm) end
                    event('pm.unreached', 'pm', pm, 'worker', worker, 'reason', fields.reason or '')
                    return {state, known[2] or '', 1}
                  end
                end

                redis.call('HSET', key, 'checked_at', now, unpack(ARGV, 8))
                if ARGV[4] == '1' then redis.call('HSET', key, 'measured_at', now) end
                if ARGV[5] ~= '' then redis.call('HSET', key, 'inventory_at', iso(tonumber(ARGV[5]))) end
                if known[7] == '1' and (known[6] or '') ~= '' then join_identity(pm, known[6]) end
                if known[5] and fields.state == 'up' then be_alias(pm, known[5]) end
                local after = room_in(read_room(pm)) or {0, 0, 0}
                touch(pm, after[1] > before[1] or after[2] > before[2] or after[3] > before[3])
                local again = redis.call('HDEL', key, 'look_again') == 1
                redis.call('HDEL', key, 'looking_until')
                if redis.call('ZSCORE', KEYS[1], pm) then
                  redis.call('ZADD', KEYS[1], whole(now_ms + ((again or is_others) and 0 or tonumber(ARGV[3]))), pm)
                end
                local f = redis.call('HMGET', key, 'state', 'reason', 'failures', 'failed_at')
                if f[1] == 'up' and f[3] and tonumber(f[4] or 0) + 30000 <= now_ms then
                  redis.call('HSET', key, 'failed_at', whole(now_ms))
                  if redis.call('HINCRBY', key, 'failures', -1) <= 0 then redis.call('HDEL', key, 'failures', 'failed_at') end
                end
                if fields.state == 'up' and state ~= f[1] then
                  for _, job in ipairs(redis.call('SMEMBERS', key .. ':delayed')) do take_up(job) end
                end
                check_index(pm)
                event('pm.checked', 'pm', pm, 'state', f[1], 'reason', f[2] or '')
                mark_ready()
                return {f[1], f[2] or ''}
                """#
    )
}

extension Fragment {
    /// `untried(pm, worker)`: whether a worker other than this one lives and has no note of a failed look at the PM.
    ///
    /// `is_left(pm, worker)`: whether this worker has such a note itself, so that it leaves the PM to the others.
    ///
    /// `reached_by_other(known, worker, window)`: whether such a worker reached the PM within so many ms; `known` has who
    /// reached it last, and when, in its third and fourth place. The notes go with the last one's window.
    static let unreached = #"""
        local live
        local function untried(pm, worker)
          if not live then
            live = {}
            local names = redis.pcall('ZRANGEBYSCORE', P .. 'workers', whole(now_ms - 3600000), '+inf')
            for _, name in ipairs(names.err and {} or names) do
              if redis.call('EXISTS', P .. 'worker:' .. name) == 1 then live[#live + 1] = name end
            end
          end
          for _, name in ipairs(live) do
            if name ~= worker and redis.call('HEXISTS', P .. 'pm:' .. pm .. ':unreached', name) == 0 then return true end
          end
          return false
        end
        local function is_left(pm, worker)
          local note = redis.pcall('HEXISTS', P .. 'pm:' .. pm .. ':unreached', worker)
          return note == 1 and untried(pm, worker)
        end
        local function reached_by_other(known, worker, window)
          local by, at = known[3], known[4]
          return by and by ~= worker and at > iso(now_ms - window) and redis.call('EXISTS', P .. 'worker:' .. by) == 1
        end

        """#
}
