import RedisClient

extension RedisScript {
    /// Accepts a create: all or nothing of number, VM record, job record, queue entry and event.
    ///
    /// - KEYS: 1 queue.
    /// - ARGV: 1 prefix, 2 name, 3 uuid, 4 type, 5 image, 6 request id.
    /// - Returns: `{'ok', job, vm}`, `{'unknown_type'}`, `{'unknown_image'}`, or `{'not_ready'}` where a VM of before may
    ///   have the next number.
    static let enqueueCreate = RedisScript(
        name: "enqueue-create",
        source: Fragment.clock + Fragment.event + Fragment.ready + #"""
            if not is_ready() then return {'not_ready'} end
            local tid, iid = ARGV[4], ARGV[5]
            local needs = redis.call('HMGET', P .. 'type:' .. tid, 'cpu', 'ram', 'disk', 'listed')
            if needs[4] ~= '1' then return {'unknown_type'} end
            if redis.call('HGET', P .. 'image:' .. iid, 'listed') ~= '1' then return {'unknown_image'} end
            local vm, job = whole(count('vm')), whole(count('job'))
            local line = string.format('{"job":%s,"kind":"create","vm":%s,"cpu":%s,"ram":%s,"disk":%s}',
              job, vm, needs[1], needs[2], needs[3])
            redis.call('HSET', P .. 'vm:' .. vm, 'id', vm, 'uuid', ARGV[3], 'name', ARGV[2], 'type', tid,
              'image', iid, 'cpu', needs[1], 'ram', needs[2], 'disk', needs[3], 'state', 'queued',
              'domain', 'hvc-' .. vm .. '-' .. string.sub(ARGV[3], 1, 8), 'created_at', now, 'create_job', job)
            redis.call('ZADD', P .. 'vms', vm, vm)
            redis.call('HSET', P .. 'job:' .. job, 'id', job, 'kind', 'create', 'vm', vm, 'state', 'queued',
              'accepted_at', now, 'request', ARGV[6], 'entry', line)
            redis.call('LPUSH', KEYS[1], line)
            event('job.queued', 'job', job, 'kind', 'create', 'vm', vm)
            return {'ok', job, vm}
            """#
    )

    /// Accepts a destroy: all or nothing of job record, queue entry and event.
    ///
    /// - KEYS: 1 queue.
    /// - ARGV: 1 prefix, 2 vm, 3 request id.
    /// - Returns: `{'ok', job, vm}`, `{'unknown_vm'}`, `{'already_destroying', job}` with the job under way, or
    ///   `{'not_ready'}` where the VM may be one of before.
    static let enqueueDestroy = RedisScript(
        name: "enqueue-destroy",
        source: Fragment.clock + Fragment.event + Fragment.ready + #"""
            local vm = ARGV[2]
            local key = P .. 'vm:' .. vm
            if redis.call('EXISTS', key) == 0 then return {is_ready() and 'unknown_vm' or 'not_ready'} end
            local earlier = redis.call('HGET', key, 'destroy_job')
            if earlier then return {'already_destroying', earlier} end
            local job = whole(count('job'))
            local line = string.format('{"job":%s,"kind":"destroy","vm":%s,"cpu":0,"ram":0,"disk":0}', job, vm)
            redis.call('HSET', key, 'destroy_job', job)
            redis.call('HSET', P .. 'job:' .. job, 'id', job, 'kind', 'destroy', 'vm', vm, 'state', 'queued',
              'accepted_at', now, 'request', ARGV[3], 'entry', line)
            redis.call('LPUSH', KEYS[1], line)
            event('job.queued', 'job', job, 'kind', 'destroy', 'vm', vm)
            return {'ok', job, vm}
            """#
    )
}
