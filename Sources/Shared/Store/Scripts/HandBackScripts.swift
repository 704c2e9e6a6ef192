import RedisClient

/// Ways in which a job leaves its worker without having ended.
extension RedisScript {
    /// Puts a job back to its place in the queue, where the worker still holds it; its VM keeps its claim.
    ///
    /// - KEYS: 1 queue.
    /// - ARGV: 1 prefix, 2 job, 3 epoch, 4 why.
    /// - Returns: 1, or 0 where the job is another worker's or has ended.
    static let handBack = RedisScript(
        name: "hand-back",
        source: Fragment.clock + Fragment.event + Fragment.brokenRecords + Fragment.requeue + Fragment.letGo
            + Fragment.handBack + #"""
                refuse(broken_job(ARGV[2]))
                local j = redis.call('HMGET', P .. 'job:' .. ARGV[2], 'epoch', 'state', 'worker')
                if j[1] ~= ARGV[3] or j[2] ~= 'running' then return 0 end
                refuse(wrong_kind('queue', 'processing:' .. (j[3] or ''), 'leases', 'events'))
                hand_back(ARGV[2], ARGV[4])
                return 1
                """#
    )

    /// Puts a job off, where the worker still holds it; its VM keeps its claim.
    ///
    /// - KEYS: 1 delayed.
    /// - ARGV: 1 prefix, 2 job, 3 epoch, 4 ms, 5 code, 6 message, 7 cause.
    /// - Returns: 1, or 0 where the job is another worker's or has ended.
    static let postpone = RedisScript(
        name: "postpone",
        source: Fragment.clock + Fragment.event + Fragment.brokenRecords + Fragment.requeue + Fragment.letGo
            + Fragment.putOff
            + Fragment.lastFailure + #"""
                local job = ARGV[2]
                refuse(broken_job(job))
                local j = redis.call('HMGET', P .. 'job:' .. job, 'epoch', 'state', 'entry', 'worker', 'pm', 'vm', 'kind')
                if j[1] ~= ARGV[3] or j[2] ~= 'running' then return 0 end
                refuse(wrong_kind('processing:' .. j[4], 'leases', 'delayed', 'events') or broken_pm(j[5]))
                let_go(job, j[3], j[4])
                last_failure(job, ARGV[5], ARGV[6], ARGV[7])
                put_off(job, j[5], tonumber(ARGV[4]))
                event('job.delayed', 'job', job, 'kind', j[7], 'vm', j[6], 'pm', j[5], 'why', ARGV[6])
                return 1
                """#
    )

    /// Sends a create to another PM, where the worker still holds it and has left nothing on this one.
    ///
    /// Its claim is freed, and it goes back to its place in the queue with the PM noted as tried.
    ///
    /// - KEYS: 1 queue.
    /// - ARGV: 1 prefix, 2 job, 3 epoch, 4 code, 5 message, 6 cause, 7 `1` where the PM is to blame.
    /// - Returns: 1, or 0 where the job is another worker's or has ended.
    static let moveOn = RedisScript(
        name: "move-on",
        source: Fragment.clock + Fragment.event + Fragment.touch + Fragment.blame + Fragment.brokenRecords
            + Fragment.requeue + Fragment.dropVM + Fragment.letGo + Fragment.lastFailure + #"""
                local job, key = ARGV[2], P .. 'job:' .. ARGV[2]
                refuse(broken_job(job))
                local j = redis.call('HMGET', key, 'epoch', 'state', 'entry', 'worker', 'pm', 'vm', 'tried')
                if j[1] ~= ARGV[3] or j[2] ~= 'running' then return 0 end
                local pm, vm = j[5], j[6]
                refuse(wrong_kind('queue', 'processing:' .. j[4], 'leases', 'events', 'fleet', 'discovery') or broken_counters()
                  or broken_vm(vm) or broken_pm(pm, vm))
                let_go(job, j[3], j[4])
                last_failure(job, ARGV[4], ARGV[5], ARGV[6])
                local tried = (j[7] and j[7] .. ',' or '') .. pm
                local line = string.gsub(string.gsub(j[3], ',"tried":%[[%d,]*%]', ''), '}$', ',"tried":[' .. tried .. ']}')
                redis.call('HSET', key, 'state', 'queued', 'pm', '', 'tried', tried, 'entry', line)
                redis.call('HDEL', key, 'step')
                free_room(vm)
                redis.call('HSET', P .. 'vm:' .. vm, 'state', 'queued', 'settled_at', now)
                redis.call('HDEL', P .. 'vm:' .. vm, 'pm', 'placed_at', 'state_before')
                if ARGV[7] == '1' then blame(pm) end
                requeue(line, job)
                event('job.queued', 'job', job, 'vm', vm, 'why', 'PM ' .. pm .. ' failed it')
                return 1
                """#
    )
}

extension Fragment {
    /// `hand_back(job, why)`: puts a running job back to its place in the queue; needs `requeue` and `let_go`.
    static let handBack = #"""
        local function hand_back(job, why)
          local key = P .. 'job:' .. job
          local j = redis.call('HMGET', key, 'entry', 'vm', 'worker')
          let_go(job, j[1], j[3] or '')
          redis.call('HSET', key, 'state', 'queued', 'handed_back', why)
          requeue(j[1], job)
          event('job.queued', 'job', job, 'vm', j[2], 'why', why)
        end

        """#

    /// `last_failure(job, code, message, cause)`: keeps why a try did not succeed.
    ///
    /// To wait for an image is no failed try: a long fetch would use up those that are allowed on the PM.
    fileprivate static let lastFailure = #"""
        local function last_failure(job, code, message, cause)
          local key = P .. 'job:' .. job
          if code ~= 'image_fetching' then redis.call('HINCRBY', key, 'tries', 1) end
          redis.call('HSET', key, 'put_off', message, 'last_code', code, 'last_error', message, 'last_cause', cause)
        end

        """#
}
