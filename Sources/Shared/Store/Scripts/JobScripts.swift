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
              -- A record of another type is no job's, and the other leases are renewed as ever.
              local j = redis.pcall('HMGET', P .. 'job:' .. ARGV[i], 'epoch', 'state')
              if j[1] == ARGV[i + 1] and j[2] == 'running' then
                redis.call('ZADD', KEYS[1], whole(now_ms + tonumber(ARGV[2])), ARGV[i])
              else
                lost[#lost + 1] = ARGV[i]
              end
            end
            return lost
            """#
    )

    /// Notes that a job comes to its next step, where the worker still holds it: the fence before each act on a PM.
    ///
    /// - KEYS: none.
    /// - ARGV: 1 prefix, 2 job, 3 epoch, 4 step, 5 to 9 all steps in their order.
    /// - Returns: `{'go', furthest step before}`; `{'lost'}` where the job is another worker's or has ended; `{'closed'}`
    ///   where a create has made nothing on its PM yet and the PM takes no VMs any more.
    static let enter = RedisScript(
        name: "enter",
        source: #"""
            local P = ARGV[1]
            local key = P .. 'job:' .. ARGV[2]
            local j = redis.call('HMGET', key, 'epoch', 'state', 'step', 'kind', 'pm')
            if j[1] ~= ARGV[3] or j[2] ~= 'running' then return {'lost'} end
            if j[4] == 'create' and not j[3] then
              local m = redis.call('HMGET', P .. 'pm:' .. j[5], 'cordoned', 'listed')
              if m[1] == '1' or m[2] ~= '1' then return {'closed'} end
            end
            local function rank(step)
              for i = 5, #ARGV do
                if ARGV[i] == step then return i end
              end
              return 0
            end
            if not j[3] or rank(ARGV[4]) > rank(j[3]) then
              redis.call('HSET', key, 'step', ARGV[4])
              -- It comes on, so what ended its workers before is not the job itself.
              redis.call('HDEL', key, 'crashes')
            end
            return {'go', j[3] or ''}
            """#
    )

    /// Notes on a destroy what it leaves on the PM, where the worker still holds it.
    ///
    /// - KEYS: 1 job.
    /// - ARGV: 1 prefix, 2 epoch, 3 the paths, a line each.
    /// - Returns: 1, or 0 where the job is another worker's or has ended.
    static let noteLeft = RedisScript(
        name: "note-left",
        source: #"""
            local j = redis.call('HMGET', KEYS[1], 'epoch', 'state')
            if j[1] ~= ARGV[2] or j[2] ~= 'running' then return 0 end
            redis.call('HSET', KEYS[1], 'left', ARGV[3])
            return 1
            """#
    )

    /// Writes a job's outcome, where the worker still holds it: the epoch is the fence.
    ///
    /// A start that failed leaves the VM in the state it had. A create that failed and a destroy that is done free the VM's room and forget the VM. A create that failed and may
    /// have left something owes a destroy, which is put off until the PM answers; the VM keeps its room until then.
    ///
    /// - KEYS: 1 queue, 2 the worker's processing list, 3 leases.
    /// - ARGV: 1 prefix, 2 job, 3 epoch, 4 `done` or `failed`, 5 code, 6 message, 7 cause, 8 how long to keep the record, `SECONDS:COUNT`,
    ///   9 ms until the destroy that a failed create owes, or empty, 10 `1` where the PM is to blame, 11 the highest number of
    ///   a job that the worker has seen.
    /// - Returns: 1, or 0 where the job is another worker's or has ended.
    static let finish = RedisScript(
        name: "finish",
        source: Fragment.clock + Fragment.event + Fragment.touch + Fragment.blame + Fragment.brokenRecords
            + Fragment.requeue + Fragment.dropVM + Fragment.putOff + Fragment.endJob + #"""
                local job, outcome = ARGV[2], ARGV[4]
                local j = redis.pcall('HMGET', P .. 'job:' .. job, 'epoch', 'state', 'kind', 'vm', 'entry', 'pm', 'request', 'nonce')
                refuse(j.err and P .. 'job:' .. job .. ' must be a hash')
                if j[1] ~= ARGV[3] or j[2] ~= 'running' then return 0 end
                local kind, vm, pm = j[3], j[4], j[6]
                local key = P .. 'vm:' .. vm
                local v, problem = read_vm(vm)
                local waiting_problem, wakes = broken_waiting(vm)
                refuse(problem or waiting_problem or wrong_kind(string.sub(KEYS[2], #P + 1), 'leases', 'events', 'jobs:ended'))
                -- What frees a VM's room writes to more keys than a create that is done and a start.
                local stays = kind == 'start' or (kind == 'create') == (outcome == 'done')
                local failures = kind == 'create' and stays and redis.pcall('HGET', P .. 'pm:' .. pm, 'failures')
                refuse((not stays or failures or ARGV[10] == '1') and (broken_pm(pm, vm, v.groups)
                    or v.pm ~= pm and broken_pm(v.pm, vm, v.groups) or wrong_kind('fleet') or broken_counters())
                  or not stays and wrong_kind('delayed', 'discovery', 'vms', 'gone', 'holds')
                  or wakes and wrong_kind('queue', 'dead'))
                redis.call('LREM', KEYS[2], 1, j[5])
                redis.call('ZREM', KEYS[3], job)
                if kind == 'start' then
                  if outcome == 'done' then
                    redis.call('HSET', key, 'state', 'running', 'running_at', now)
                    redis.call('HDEL', key, 'state_reason')
                  end
                  redis.call('HSET', key, 'settled_at', now, 'error', ARGV[6])
                  redis.call('HDEL', key, 'job', outcome == 'done' and 'error' or 'start_job')
                elseif kind == 'create' and stays then
                  redis.call('HSET', key, 'state', 'running', 'settled_at', now, 'running_at', now)
                  redis.call('HDEL', key, 'job', 'state_before')
                  if failures then
                    redis.call('HDEL', P .. 'pm:' .. pm, 'failures', 'failed_at')
                    touch(pm, false)
                  end
                elseif stays then
                  redis.call('HSET', key, 'state', redis.call('HGET', key, 'state_before') or 'running', 'settled_at', now,
                    'error', ARGV[6])
                  redis.call('HDEL', key, 'job', 'state_before', 'destroy_job')
                elseif ARGV[9] ~= '' then
                  local owed = whole(count('job', ARGV[11]))
                  local line = string.format('{"job":%s,"kind":"destroy","vm":%s,"cpu":0,"ram":0,"disk":0}', owed, vm)
                  redis.call('HSET', key, 'state', 'destroying', 'state_before', 'error', 'job', owed,
                    'destroy_job', owed, 'error', ARGV[6])
                  redis.call('HSET', P .. 'job:' .. owed, 'id', owed, 'kind', 'destroy', 'vm', vm, 'pm', pm, 'entry', line,
                    'accepted_at', now, 'request', j[7] or '', 'put_off', 'owed by job ' .. job)
                  put_off(owed, pm, tonumber(ARGV[9]))
                  event('job.delayed', 'job', owed, 'kind', 'destroy', 'vm', vm, 'pm', pm, 'why', 'owed by job ' .. job)
                else
                  drop_vm(vm)
                end
                if stays and wakes then wake_waiting(vm) end
                if ARGV[10] == '1' then blame(pm) end
                end_job(job, outcome, ARGV[5], ARGV[6], ARGV[7], ARGV[8], {kind, vm, pm, j[8]})
                return 1
                """#
    )
}
