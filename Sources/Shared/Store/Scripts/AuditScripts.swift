import RedisClient

/// What an audit reads, and how it mends; docs/operations.md tells what it looks for.
extension RedisScript {
    private static let prefix = "local P = ARGV[1]\n"

    /// Reads at one moment all records and places that an audit compares; changes nothing.
    ///
    /// - KEYS: 1 vms, 2 queue, 3 leases, 4 delayed, 5 workers, 6 numbers of PMs, 7 holds.
    /// - ARGV: 1 prefix, 2 how many groups follow, then groups, then jobs, that were there a moment ago.
    /// - Returns: `{{HGETALL of a VM, …}, {{vm, {entry, …}}, …} that wait, {{HGETALL of a PM, members of its set}, …},
    ///   {entry, …} of the queue, {{worker, {entry, …}, 1 where it lives}, …}, leases, delayed,
    ///   {{job, state, kind, vm, worker}, …}, {{group, rule, members, placed}, …}, holds}`; a job or a group without a record has
    ///   empty fields.
    static let auditRead = RedisScript(
        name: "audit-read",
        source: prefix + Fragment.groups + #"""
            local jobs_at = 3 + tonumber(ARGV[2])
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
              local found = redis.call('LRANGE', key, 0, -1)
              for _, line in ipairs(found) do want(string.match(line, '"job":(%d+)')) end
              return found
            end

            local vms, waiting = {}, {}
            for _, vm in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
              vms[#vms + 1] = redis.call('HGETALL', P .. 'vm:' .. vm)
              local v = redis.call('HMGET', P .. 'vm:' .. vm, 'job', 'groups')
              want(v[1])
              for _, g in ipairs(groups_in(v[2])) do groups[g[1]] = true end
              local behind = lines(P .. 'vm:' .. vm .. ':waiting')
              if #behind > 0 then waiting[#waiting + 1] = {vm, behind} end
            end
            local machines = {}
            for i, pm in ipairs(redis.call('HVALS', KEYS[6])) do
              machines[i] = {redis.call('HGETALL', P .. 'pm:' .. pm), redis.call('SMEMBERS', P .. 'pm:' .. pm .. ':vms')}
            end
            local queue = lines(KEYS[2])
            local leases, delayed = redis.call('ZRANGE', KEYS[3], 0, -1), redis.call('ZRANGE', KEYS[4], 0, -1)
            for i = 3, jobs_at - 1 do groups[ARGV[i]] = true end
            for i = jobs_at, #ARGV do want(ARGV[i]) end
            for _, job in ipairs(leases) do want(job) end
            for _, job in ipairs(delayed) do want(job) end
            for _, worker in ipairs(redis.call('ZRANGE', KEYS[5], 0, -1)) do name(worker) end
            for _, job in ipairs(jobs) do name(redis.call('HGET', P .. 'job:' .. job, 'worker')) end
            local held = {}
            for i, worker in ipairs(workers) do 
              held[i] = {worker, lines(P .. 'processing:' .. worker), redis.call('EXISTS', P .. 'worker:' .. worker)}
            end
            local rows = {}
            for i, job in ipairs(jobs) do
              local j = redis.call('HMGET', P .. 'job:' .. job, 'state', 'kind', 'vm', 'worker')
              rows[i] = {job, j[1] or '', j[2] or '', j[3] or '', j[4] or ''}
            end
            local counts = {}
            for name in pairs(groups) do
              local g = redis.call('HMGET', P .. 'group:' .. name, 'rule', 'members', 'placed')
              counts[#counts + 1] = {name, g[1] or '', g[2] or '', g[3] or ''}
            end
            return {vms, waiting, machines, queue, held, leases, delayed, rows, counts, redis.call('ZRANGE', KEYS[7], 0, -1)}
            """#
    )

    /// Counts what the VMs of a PM hold anew, from their records.
    ///
    /// - KEYS: 1 vms.
    /// - ARGV: 1 prefix, 2 pm.
    /// - Returns: 1, or 0 where the PM is not known.
    static let mendClaims = RedisScript(
        name: "mend-claims",
        source: Fragment.clock + Fragment.touch + Fragment.groups + #"""
            local pm = ARGV[2]
            local key = P .. 'pm:' .. pm
            if redis.call('EXISTS', key) == 0 then return 0 end
            local sum, count, groups = {cpu = 0, ram = 0, disk = 0}, 0, {}
            redis.call('DEL', key .. ':vms')
            for _, vm in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
              local v = redis.call('HMGET', P .. 'vm:' .. vm, 'pm', 'cpu', 'ram', 'disk', 'groups')
              if v[1] == pm then
                redis.call('SADD', key .. ':vms', vm)
                count = count + 1
                for i, r in ipairs({'cpu', 'ram', 'disk'}) do sum[r] = sum[r] + tonumber(v[i + 1]) end
                for _, g in ipairs(groups_in(v[5])) do groups[g[1]] = (groups[g[1]] or 0) + 1 end
              end
            end
            for _, field in ipairs(redis.call('HKEYS', key)) do
              if string.match(field, '^group:') then redis.call('HDEL', key, field) end
            end
            for name, n in pairs(groups) do redis.call('HSET', key, 'group:' .. name, n) end
            redis.call('HSET', key, 'vms', count, 'claimed_cpu', whole(sum.cpu), 'claimed_ram', whole(sum.ram),
              'claimed_disk', whole(sum.disk))
            touch(pm, true)
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
