import RedisClient

extension RedisScript {
    /// Brings back what is due, and what workers that died have left.
    ///
    /// Jobs whose lease ran out go back to their place in the queue; one that has ended so many workers is given up: it
    /// goes to the dead list, and its VM stays in state `error` with its room, for a destroy to clean up. Jobs that were
    /// put off go back when their time has come. Once in a while entries of processing lists are compared with the
    /// leases: a running job without one gets one that is over, and what stands there for nothing is removed.
    ///
    /// Holds whose time is over are dropped.
    ///
    /// - KEYS: 1 leases, 2 delayed, 3 holds, 4 dead, 5 workers, 6 repair.
    /// - ARGV: 1 prefix, 2 how many jobs of each kind at most, 3 how often a job may end its worker, 4 how long to keep
    ///   ended jobs, 5 ms between two comparisons.
    /// - Returns: `{jobs taken back, jobs taken up, jobs given up, ms until the next is due or -1, what is broken}`. What is
    ///   broken is left as it is, so that one broken record does not keep the others.
    static let sweep = RedisScript(
        name: "sweep",
        source: Fragment.clock + Fragment.event + Fragment.touch + Fragment.brokenRecords + Fragment.requeue
            + Fragment.dropVM + Fragment.letGo + Fragment.handBack + Fragment.putOff + Fragment.endJob + Fragment.bury
            + Fragment.giveUp + Fragment.repair + #"""
                local limit, crash_limit = tonumber(ARGV[2]), tonumber(ARGV[3])
                refuse(wrong_kind('queue', 'leases', 'delayed', 'holds', 'dead', 'workers', 'events', 'fleet', 'discovery', 'vms',
                  'gone', 'jobs:ended') or broken_counters())
                local back, given_up, problems = {}, {}, {}
                local function is_broken(problem)
                  if problem then problems[#problems + 1] = problem end
                  return problem
                end
                if redis.call('SET', KEYS[6], now, 'NX', 'PX', ARGV[5]) then repair(is_broken) end

                for _, job in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', whole(now_ms), 'LIMIT', 0, limit)) do
                  local j = is_broken(broken_job(job)) and {} or redis.call('HMGET', P .. 'job:' .. job, 'state', 'worker')
                  if j[1] ~= 'running' then
                    redis.call('ZREM', KEYS[1], job)
                  elseif redis.call('HINCRBY', P .. 'job:' .. job, 'crashes', 1) >= crash_limit then
                    give_up(job, j[2], 'its worker died under it ' .. crash_limit .. ' times; the last was ' .. j[2])
                    given_up[#given_up + 1] = job
                  else
                    hand_back(job, 'the lease of worker ' .. j[2] .. ' ran out')
                    back[#back + 1] = job
                  end
                end
                local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', whole(now_ms), 'LIMIT', 0, limit)
                for _, job in ipairs(due) do is_broken(take_up(job)) end
                for _, vm in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', whole(now_ms), 'LIMIT', 0, limit)) do
                  redis.call('ZREM', KEYS[3], vm)
                  local v = is_broken(broken_vm(vm)) and {} or redis.call('HMGET', P .. 'vm:' .. vm, 'state', 'pm')
                  if v[1] == 'held' and not is_broken(broken_pm(v[2], vm)) then
                    drop_vm(vm)
                    event('hold.expired', 'vm', vm)
                  end
                end

                local wait = -1
                for i = 1, 3 do
                  local first = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')
                  local left = first[2] and math.max(0, tonumber(first[2]) - now_ms)
                  if left and (wait < 0 or left < wait) then wait = left end
                end
                return {back, due, given_up, wait, problems}
                """#
    )
}

extension Fragment {
    /// `give_up(job, worker, why)`: ends a job that nobody is to try again; its VM stays as it is, in state `error`.
    fileprivate static let giveUp = #"""
        local function give_up(job, worker, why)
          local j = redis.call('HMGET', P .. 'job:' .. job, 'entry', 'vm')
          let_go(job, j[1], worker)
          bury(j[1], job, j[2], why, 'gave_up', 'job ' .. job .. ' was given up; VM ' .. j[2]
            .. ' is in state error: destroy it when the cause is mended', ARGV[4])
        end

        """#

    /// `repair(is_broken)`: compares the entries of processing lists with the leases.
    fileprivate static let repair = #"""
        local function repair(is_broken)
          for _, worker in ipairs(redis.call('ZRANGE', KEYS[5], 0, -1)) do
            local list = P .. 'processing:' .. worker
            local lines = is_broken(wrong_kind('processing:' .. worker)) and {} or redis.call('LRANGE', list, 0, -1)
            for _, line in ipairs(lines) do
              local job = string.match(line, '"job":(%d+)')
              if not job or not redis.call('ZSCORE', KEYS[1], job) then
                local is_record = job and not is_broken(broken_job(job))
                local j = is_record and redis.call('HMGET', P .. 'job:' .. job, 'state', 'worker', 'entry') or {}
                if j[1] == 'running' and j[2] == worker and j[3] == line then
                  redis.call('ZADD', KEYS[1], whole(now_ms), job)
                else
                  redis.call('LREM', list, 1, line)
                end
              end
            end
          end
        end

        """#
}
