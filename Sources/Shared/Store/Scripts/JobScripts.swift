import RedisClient

extension RedisScript {
    /// Extends the leases of a worker's jobs, and tells which it has lost.
    ///
    /// - KEYS: 1 leases.
    /// - ARGV: 1 prefix, 2 lease in ms, then for each job two: job, epoch.
    /// - Returns: the jobs that are no longer the worker's.
    static let renew = RedisScript(
        name: "renew",
        source: Fragment.clock + #"""
            local lost = {}
            for i = 3, #ARGV, 2 do
              local j = redis.call('HMGET', P .. 'job:' .. ARGV[i], 'epoch', 'state')
              if j[1] == ARGV[i + 1] and j[2] == 'running' then
                redis.call('ZADD', KEYS[1], whole(now_ms + tonumber(ARGV[2])), ARGV[i])
              else
                lost[#lost + 1] = ARGV[i]
              end
            end
            return lost
            """#
    )

    /// Writes a job's outcome, where the worker still holds it: the epoch is the fence.
    ///
    /// A create that failed and a destroy that is done free the VM's room and forget the VM.
    ///
    /// - KEYS: 1 queue, 2 the worker's processing list, 3 leases.
    /// - ARGV: 1 prefix, 2 job, 3 epoch, 4 `done` or `failed`, 5 code, 6 message, 7 cause, 8 seconds to keep the record.
    /// - Returns: 1, or 0 where the job is another worker's or has ended.
    static let finish = RedisScript(
        name: "finish",
        source: Fragment.clock + Fragment.event + Fragment.touch + Fragment.dropVM + Fragment.endJob + #"""
            local job, outcome = ARGV[2], ARGV[4]
            local j = redis.call('HMGET', P .. 'job:' .. job, 'epoch', 'state', 'kind', 'vm', 'entry')
            if j[1] ~= ARGV[3] or j[2] ~= 'running' then return 0 end
            local kind, vm = j[3], j[4]
            local key = P .. 'vm:' .. vm
            redis.call('LREM', KEYS[2], 1, j[5])
            redis.call('ZREM', KEYS[3], job)
            if (kind == 'create') == (outcome == 'done') then
              local state = kind == 'create' and 'running' or redis.call('HGET', key, 'state_before')
              redis.call('HSET', key, 'state', state or 'running')
              redis.call('HDEL', key, 'job', 'state_before')
              if kind == 'create' then
                redis.call('HSET', key, 'running_at', now)
              else
                redis.call('HDEL', key, 'destroy_job')
                redis.call('HSET', key, 'error', ARGV[6])
              end
              wake_waiting(vm)
            else
              drop_vm(vm)
            end
            end_job(job, outcome, ARGV[5], ARGV[6], ARGV[7], ARGV[8])
            return 1
            """#
    )

    /// Puts a job back to the front of the queue, where the worker still holds it; its VM keeps its claim.
    ///
    /// - KEYS: 1 queue, 2 the worker's processing list, 3 leases.
    /// - ARGV: 1 prefix, 2 job, 3 epoch, 4 why.
    /// - Returns: 1, or 0 where the job is another worker's or has ended.
    static let handBack = RedisScript(
        name: "hand-back",
        source: Fragment.clock + Fragment.event + Fragment.handBack + #"""
            local j = redis.call('HMGET', P .. 'job:' .. ARGV[2], 'epoch', 'state')
            if j[1] ~= ARGV[3] or j[2] ~= 'running' then return 0 end
            hand_back(ARGV[2], KEYS[2], ARGV[4])
            return 1
            """#
    )

    /// Puts jobs whose lease ran out back to the front of the queue, oldest first in line again.
    ///
    /// - KEYS: 1 queue, 2 leases.
    /// - ARGV: 1 prefix, 2 how many at most.
    /// - Returns: the jobs.
    static let recover = RedisScript(
        name: "recover",
        source: Fragment.clock + Fragment.event + Fragment.handBack + #"""
            local jobs = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', whole(now_ms), 'LIMIT', 0, tonumber(ARGV[2]))
            table.sort(jobs, function(a, b) return tonumber(a) > tonumber(b) end)
            for _, job in ipairs(jobs) do
              local worker = redis.call('HGET', P .. 'job:' .. job, 'worker') or ''
              hand_back(job, P .. 'processing:' .. worker, 'the lease of worker ' .. worker .. ' ran out')
            end
            return jobs
            """#
    )
}

extension Fragment {
    /// `hand_back(job, processing, why)`: the epoch grows when the job is claimed again, so this worker is fenced.
    static let handBack = #"""
        local function hand_back(job, processing, why)
          redis.call('ZREM', P .. 'leases', job)
          local key = P .. 'job:' .. job
          local j = redis.call('HMGET', key, 'state', 'entry', 'vm')
          if j[1] ~= 'running' then return end
          redis.call('LREM', processing, 1, j[2])
          redis.call('HSET', key, 'state', 'queued', 'handed_back', why)
          redis.call('HINCRBY', key, 'epoch', 1)
          redis.call('RPUSH', P .. 'queue', j[2])
          event('job.queued', 'job', job, 'vm', j[3], 'why', why)
        end

        """#
}
