import RedisClient

extension RedisScript {
    /// Accepts a create: all or nothing of number, VM record, job record, queue entry and event.
    ///
    /// Where it builds a hold, the VM is the hold's, with its type, its place and what was asked of that.
    ///
    /// - KEYS: 1 queue, 2 holds.
    /// - ARGV: 1 prefix, 2 name, 3 uuid, 4 type, 5 image, 6 request id, 7 constraints as JSON or empty, 8 groups as
    ///   `name=rule,…` or empty, 9 the hold to build or empty, then the identity of an acceptance.
    /// - Returns: `{'ok', job, vm}`, `{'unknown_type'}`, `{'unknown_image'}`, `{'unknown_hold'}`,
    ///   `{'group_conflict', group, rule}`, or `{'not_ready'}` where a VM of before may have the next number.
    static let enqueueCreate = RedisScript(
        name: "enqueue-create",
        source: Fragment.clock + Fragment.event + Fragment.ready + Fragment.brokenRecords + Fragment.enqueue + #"""
            if not is_ready() then return {'not_ready'} end
            local iid, vm = ARGV[5], ARGV[9]
            refuse(wrong_kind('queue', 'events', vm == '' and 'vms' or 'holds') or broken_counters())
            if redis.call('HGET', P .. 'image:' .. iid, 'listed') ~= '1' then return {'unknown_image'} end
            if vm ~= '' then
              refuse(wrong_kind('vm:' .. vm))
              local v = redis.call('HMGET', P .. 'vm:' .. vm, 'state', 'destroy_job', 'cpu', 'ram', 'disk', 'where',
                'create_job', 'held_until')
              -- One that is over stays for a moment, until a worker sweeps.
              if v[1] ~= 'held' or v[2] or (v[8] or '') <= now then return {'unknown_hold'} end
              refuse(broken_vm(vm) or v[7] and broken_job(v[7]))
              redis.call('ZREM', KEYS[2], vm)
              redis.call('HDEL', P .. 'vm:' .. vm, 'held_until')
              redis.call('HSET', P .. 'vm:' .. vm, 'name', ARGV[2], 'image', iid, 'state', 'queued')
              -- Its place was chosen when it was held: the build says how.
              local decision = v[7] and redis.call('HGET', P .. 'job:' .. v[7], 'decision')
              local job = enqueue('create', vm, {v[3], v[4], v[5]}, iid, v[6] or '', ARGV[6], 'create_job')
              if decision then redis.call('HSET', P .. 'job:' .. job, 'decision', decision) end
              return {'ok', job, vm}
            end
            local needs = needs_of(ARGV[4])
            if not needs then return {'unknown_type'} end
            local conflict = group_conflict(ARGV[8])
            if conflict then return conflict end
            vm = new_vm(ARGV[2], ARGV[3], ARGV[4], iid, needs, ARGV[7], ARGV[8])
            return {'ok', enqueue('create', vm, needs, iid, ARGV[7], ARGV[6], 'create_job'), vm}
            """#
    )

    /// Accepts a hold: a VM that takes its room and is not built.
    ///
    /// - KEYS: 1 queue.
    /// - ARGV: as for a create, but 9 how many seconds it is held.
    /// - Returns: as for a create.
    static let enqueueHold = RedisScript(
        name: "enqueue-hold",
        source: Fragment.clock + Fragment.event + Fragment.ready + Fragment.brokenRecords + Fragment.enqueue + #"""
            if not is_ready() then return {'not_ready'} end
            refuse(wrong_kind('queue', 'events', 'vms') or broken_counters())
            local iid = ARGV[5]
            if redis.call('HGET', P .. 'image:' .. iid, 'listed') ~= '1' then return {'unknown_image'} end
            local needs = needs_of(ARGV[4])
            if not needs then return {'unknown_type'} end
            local conflict = group_conflict(ARGV[8])
            if conflict then return conflict end
            local vm = new_vm(ARGV[2], ARGV[3], ARGV[4], iid, needs, ARGV[7], ARGV[8])
            local job = enqueue('hold', vm, needs, iid, ARGV[7], ARGV[6], 'create_job')
            redis.call('HSET', P .. 'job:' .. job, 'hold_s', ARGV[9])
            return {'ok', job, vm}
            """#
    )

    /// Accepts a destroy: all or nothing of job record, queue entry and event.
    ///
    /// - KEYS: 1 queue.
    /// - ARGV: 1 prefix, 2 vm, 3 request id, 4 `hold` where it is to be a hold that nobody builds, then the identity
    ///   of an acceptance.
    /// - Returns: `{'ok', job, vm}`, `{'unknown_vm'}`, `{'unknown_hold'}`, `{'already_destroying', job}` with the job under
    ///   way, or `{'not_ready'}` where the VM may be one of before.
    static let enqueueDestroy = RedisScript(
        name: "enqueue-destroy",
        source: Fragment.clock + Fragment.event + Fragment.ready + Fragment.brokenRecords + Fragment.enqueue + #"""
            local vm = ARGV[2]
            local key = P .. 'vm:' .. vm
            refuse(wrong_kind('queue', 'events', 'vm:' .. vm) or broken_counters())
            if redis.call('EXISTS', key) == 0 then return {is_ready() and 'unknown_vm' or 'not_ready'} end
            local v = redis.call('HMGET', key, 'destroy_job', 'state')
            local earlier = v[1]
            if ARGV[4] == 'hold' and (earlier or v[2] ~= 'held') then return {'unknown_hold'} end
            if earlier then return {'already_destroying', earlier} end
            return {'ok', enqueue('destroy', vm, {0, 0, 0}, nil, '', ARGV[3], 'destroy_job'), vm}
            """#
    )
}

extension Fragment {
    /// `needs_of(type)`, `group_conflict(groups)`, `new_vm(…)`, and `enqueue(…)`, which returns the job.
    ///
    /// The last three arguments of each script that accepts something are its identity: the job's nonce, and the highest
    /// numbers of a job and of a VM that the caller has seen, which are not given again.
    fileprivate static let enqueue = #"""
        local nonce, job_floor, vm_floor = unpack(ARGV, #ARGV - 2)
        local function needs_of(tid)
          local t = redis.call('HMGET', P .. 'type:' .. tid, 'cpu', 'ram', 'disk', 'listed')
          if t[4] ~= '1' then return nil end
          for i = 1, 3 do
            if not t[i] or not is_whole(t[i]) then refuse(not_whole('type:' .. tid, true, 'cpu', 'ram', 'disk')) end
          end
          return {t[1], t[2], t[3]}
        end
        local function group_conflict(text)
          for _, g in ipairs(groups_in(text)) do
            refuse(not_whole('group:' .. g[1], false, 'members', 'placed'))
            local rule = redis.call('HGET', P .. 'group:' .. g[1], 'rule')
            if rule and rule ~= g[2] then return {'group_conflict', g[1], rule} end
          end
        end
        local function new_vm(name, uuid, tid, iid, needs, constraints, groups)
          local vm = whole(count('vm', vm_floor))
          local key = P .. 'vm:' .. vm
          redis.call('HSET', key, 'id', vm, 'uuid', uuid, 'name', name, 'type', tid,
            'image', iid, 'cpu', needs[1], 'ram', needs[2], 'disk', needs[3], 'state', 'queued',
            'domain', 'hvc-' .. vm .. '-' .. string.sub(uuid, 1, 8), 'created_at', now)
          if constraints ~= '' then redis.call('HSET', key, 'where', constraints) end
          if groups ~= '' then
            redis.call('HSET', key, 'groups', groups)
            join_groups(vm)
          end
          redis.call('ZADD', P .. 'vms', vm, vm)
          return vm
        end
        local function enqueue(kind, vm, needs, image, constraints, request, field)
          local job = whole(count('job', job_floor))
          local line = string.format('{"job":%s,"kind":"%s","vm":%s,"cpu":%s,"ram":%s,"disk":%s%s%s}',
            job, kind, vm, needs[1], needs[2], needs[3], image and ',"image":' .. image or '',
            constraints ~= '' and ',"where":' .. constraints or '')
          redis.call('HSET', P .. 'vm:' .. vm, field, job)
          redis.call('HSET', P .. 'job:' .. job, 'id', job, 'kind', kind, 'vm', vm, 'state', 'queued',
            'accepted_at', now, 'request', request, 'nonce', nonce, 'entry', line)
          redis.call('LPUSH', KEYS[1], line)
          event('job.queued', 'job', job, 'kind', kind, 'vm', vm)
          return job
        end

        """#
}
