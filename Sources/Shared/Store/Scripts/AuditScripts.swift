import RedisClient

/// What an audit reads, and how it mends; docs/operations.md tells what it looks for.
extension RedisScript {
    private static let prefix = "local P = ARGV[1]\n"

    /// Reads at one moment all records and places that an audit compares; changes nothing.
    ///
    /// - KEYS: 1 vms, 2 queue, 3 leases, 4 delayed, 5 workers, 6 numbers of PMs, 7 holds.
    /// - ARGV: 1 prefix, 2 how many groups follow, 3 how many VMs follow those, then groups, then VMs, then jobs, that were
    ///   there a moment ago.
    /// - Returns: `{{HGETALL of a VM, …}, {{vm, {entry, …}}, …} that wait, {{HGETALL of a PM, members of its set, pm}, …},
    ///   {entry, …} of the queue, {{worker, {entry, …}, 1 where it lives}, …}, leases, delayed,
    ///   {{job, state, kind, vm, worker}, …}, {{group, rule, members, placed}, …}, holds,
    ///   VMs that have a record and are not in the index, {what is broken, …}}`; a job or a group without a record has empty
    ///   fields.
    static let auditRead = RedisScript(
        name: "audit-read",
        source: prefix + Fragment.brokenRecords + #"""
            local vms_at = 4 + tonumber(ARGV[2])
            local jobs_at = vms_at + tonumber(ARGV[3])
            local unlisted, problems = {}, {}
            local function is_broken(problem)
              if problem then problems[#problems + 1] = problem end
              return problem
            end
            local jobs, wanted, workers, named, groups = {}, {}, {}, {}, {}
            local function want(job)
              if job and not wanted[job] then
                wanted[job] = true
                jobs[#jobs + 1] = job
              end
            end
            local function name(worker)
              if worker and worker ~= '' and not named[worker] then
                named[worker] = true
                workers[#workers + 1] = worker
              end
            end
            local function lines(key)
              if is_broken(wrong_kind(string.sub(key, #P + 1))) then return {} end
              local found = redis.call('LRANGE', key, 0, -1)
              for _, line in ipairs(found) do want(string.match(line, '"job":(%d+)')) end
              return found
            end

            local vms, waiting = {}, {}
            local function read(vm)
              if not is_broken(wrong_kind('vm:' .. vm)) then
                vms[#vms + 1] = redis.call('HGETALL', P .. 'vm:' .. vm)
                local v = redis.call('HMGET', P .. 'vm:' .. vm, 'job', 'groups')
                want(v[1])
                for _, g in ipairs(groups_in(v[2])) do groups[g[1]] = true end
              end
              local behind = lines(P .. 'vm:' .. vm .. ':waiting')
              if #behind > 0 then waiting[#waiting + 1] = {vm, behind} end
            end
            for _, vm in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
              if redis.call('EXISTS', P .. 'vm:' .. vm) == 1 then
                read(vm)
              else
                is_broken(P .. 'vm:' .. vm .. ' is missing')
              end
            end
            for i = vms_at, jobs_at - 1 do
              local vm = ARGV[i]
              if redis.call('EXISTS', P .. 'vm:' .. vm) == 1 and not redis.call('ZSCORE', KEYS[1], vm) then
                unlisted[#unlisted + 1] = vm
                read(vm)
              end
            end
            local machines = {}
            for _, pm in ipairs(redis.call('HVALS', KEYS[6])) do
              if not is_broken(wrong_kind('pm:' .. pm, 'pm:' .. pm .. ':vms')) then
                machines[#machines + 1] = {redis.call('HGETALL', P .. 'pm:' .. pm),
                  redis.call('SMEMBERS', P .. 'pm:' .. pm .. ':vms'), pm}
              end
            end
            local queue = lines(KEYS[2])
            local leases, delayed = redis.call('ZRANGE', KEYS[3], 0, -1), redis.call('ZRANGE', KEYS[4], 0, -1)
            for i = 4, vms_at - 1 do groups[ARGV[i]] = true end
            for i = jobs_at, #ARGV do want(ARGV[i]) end
            for _, job in ipairs(leases) do want(job) end
            for _, job in ipairs(delayed) do want(job) end
            for _, worker in ipairs(redis.call('ZRANGE', KEYS[5], 0, -1)) do name(worker) end
            for _, job in ipairs(jobs) do
              if not is_broken(wrong_kind('job:' .. job)) then name(redis.call('HGET', P .. 'job:' .. job, 'worker')) end
            end
            local held = {}
            for i, worker in ipairs(workers) do
              held[i] = {worker, lines(P .. 'processing:' .. worker), redis.call('EXISTS', P .. 'worker:' .. worker)}
            end
            local rows = {}
            for i, job in ipairs(jobs) do
              local j = wrong_kind('job:' .. job) and {} or redis.call('HMGET', P .. 'job:' .. job, 'state', 'kind', 'vm', 'worker')
              rows[i] = {job, j[1] or '', j[2] or '', j[3] or '', j[4] or ''}
            end
            local counts = {}
            for name in pairs(groups) do
              local g = is_broken(wrong_kind('group:' .. name)) and {}
                or redis.call('HMGET', P .. 'group:' .. name, 'rule', 'members', 'placed')
              counts[#counts + 1] = {name, g[1] or '', g[2] or '', g[3] or ''}
            end
            return {vms, waiting, machines, queue, held, leases, delayed, rows, counts, redis.call('ZRANGE', KEYS[7], 0, -1),
              unlisted, problems}
            """#
    )

    /// Counts what the VMs of a PM hold anew, from their records.
    ///
    /// - KEYS: 1 vms.
    /// - ARGV: 1 prefix, 2 pm.
    /// - Returns: 1, or 0 where the PM is not known.
    static let mendClaims = RedisScript(
        name: "mend-claims",
        source: Fragment.clock + Fragment.event + Fragment.touch + Fragment.brokenRecords + Fragment.recount + #"""
            local pm = ARGV[2]
            if redis.call('EXISTS', P .. 'pm:' .. pm) == 0 then return 0 end
            refuse(wrong_kind('pm:' .. pm, 'pm:' .. pm .. ':vms', 'vms', 'fleet', 'events') or broken_counters())
            recount(pm)
            return 1
            """#
    )

    /// Puts a VM that has a record into the index of VMs.
    ///
    /// - KEYS: 1 vms.
    /// - ARGV: 1 prefix, 2 vm.
    /// - Returns: 1, or 0 where it has no record.
    static let listVM = RedisScript(
        name: "list-vm",
        source: prefix + #"""
            if redis.call('EXISTS', P .. 'vm:' .. ARGV[2]) == 0 then return 0 end
            redis.call('ZADD', KEYS[1], ARGV[2], ARGV[2])
            return 1
            """#
    )

    /// Counts the VMs of a group anew, from their records; a group without any is known no longer.
    ///
    /// - KEYS: 1 vms.
    /// - ARGV: 1 prefix, 2 group.
    /// - Returns: how many there are.
    static let mendGroup = RedisScript(
        name: "mend-group",
        source: prefix + Fragment.groups + #"""
            local name, rule, members, placed = ARGV[2], nil, 0, 0
            for _, vm in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
              local v = redis.call('HMGET', P .. 'vm:' .. vm, 'groups', 'pm')
              for _, g in ipairs(groups_in(v[1])) do
                if g[1] == name then
                  rule, members, placed = rule or g[2], members + 1, placed + (v[2] and 1 or 0)
                end
              end
            end
            redis.call('DEL', P .. 'group:' .. name)
            if members > 0 then
              redis.call('HSET', P .. 'group:' .. name, 'rule', rule, 'members', members, 'placed', placed)
            end
            return members
            """#
    )

    /// Has a hold end at its time, and what is no hold not at all.
    ///
    /// - KEYS: 1 holds.
    /// - ARGV: 1 prefix, 2 vm, 3 when it ends by its record, 4 the same in ms.
    /// - Returns: 1 where it is a hold.
    static let mendHold = RedisScript(
        name: "mend-hold",
        source: prefix + #"""
            local v = redis.call('HMGET', P .. 'vm:' .. ARGV[2], 'state', 'held_until')
            if v[1] == 'held' and v[2] == ARGV[3] then
              redis.call('ZADD', KEYS[1], ARGV[4], ARGV[2])
              return 1
            end
            redis.call('ZREM', KEYS[1], ARGV[2])
            return 0
            """#
    )

    /// Puts a job that has not ended and stands nowhere back to its place in the queue; nobody holds it any more.
    ///
    /// - KEYS: 1 queue, 2 leases, 3 delayed, 4 workers.
    /// - ARGV: 1 prefix, 2 job.
    /// - Returns: 1, or 0 where it has ended or stands somewhere.
    static let mendJob = RedisScript(
        name: "mend-job",
        source: Fragment.clock + Fragment.event + Fragment.requeue + #"""
            local job = ARGV[2]
            local key = P .. 'job:' .. job
            local j = redis.call('HMGET', key, 'state', 'entry', 'vm', 'worker', 'kind')
            if not j[1] or not j[2] or j[1] == 'done' or j[1] == 'failed' or j[1] == 'dead' then return 0 end
            if redis.call('ZSCORE', KEYS[3], job) then return 0 end
            local lists = {KEYS[1], P .. 'vm:' .. j[3] .. ':waiting', P .. 'processing:' .. (j[4] or '')}
            for _, worker in ipairs(redis.call('ZRANGE', KEYS[4], 0, -1)) do
              lists[#lists + 1] = P .. 'processing:' .. worker
            end
            for _, list in ipairs(lists) do
              if redis.call('LPOS', list, j[2]) then return 0 end
            end
            redis.call('ZREM', KEYS[2], job)
            redis.call('HINCRBY', key, 'epoch', 1)
            redis.call('HSET', key, 'state', 'queued', 'handed_back', 'an audit found it nowhere')
            requeue(j[2], job)
            event('job.queued', 'job', job, 'vm', j[3], 'why', 'an audit found it nowhere')
            return 1
            """#
    )

    /// Frees a VM from a job that has ended or is not known: what waits behind it goes on, or a destroy can be asked for.
    ///
    /// - KEYS: none.
    /// - ARGV: 1 prefix, 2 vm.
    /// - Returns: 1, or 0 where a job of it is under way.
    static let mendVM = RedisScript(
        name: "mend-vm",
        source: Fragment.clock + Fragment.event + Fragment.touch + Fragment.requeue + Fragment.dropVM + #"""
            local vm = ARGV[2]
            local key = P .. 'vm:' .. vm
            local v = redis.call('HMGET', key, 'id', 'state', 'job', 'create_job', 'destroy_job')
            if not v[1] then return 0 end
            local function is_open(job)
              local state = job and redis.call('HGET', P .. 'job:' .. job, 'state')
              return state and state ~= 'done' and state ~= 'failed' and state ~= 'dead'
            end
            if is_open(v[3]) then return 0 end
            redis.call('HDEL', key, 'job', 'state_before')
            if not is_open(v[5]) then redis.call('HDEL', key, 'destroy_job') end
            if (v[2] == 'queued' or v[2] == 'building' or v[2] == 'destroying') and not is_open(v[4]) then
              redis.call('HSET', key, 'state', 'error', 'error', 'its job was lost', 'settled_at', now)
            end
            wake_waiting(vm)
            event('vm.freed', 'vm', vm)
            return 1
            """#
    )
}
