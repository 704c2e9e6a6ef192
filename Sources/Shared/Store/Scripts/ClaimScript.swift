import RedisClient

extension RedisScript {
    /// Takes the oldest entries off the queue as planned: strictly in order, each with its room, or not at all.
    ///
    /// The longest good prefix of the plan is taken; the worker then looks again and plans anew.
    ///
    /// - KEYS: 1 queue, 2 the worker's processing list, 3 leases, 4 dead.
    /// - ARGV: 1 prefix, 2 worker, 3 lease in ms, 4 room version planned on, 5 how long to keep ended jobs, then for each
    ///   entry nine: the entry, action, job, vm, pm, decision, code, message, cause. Actions are `place` (takes room on
    ///   `pm`, and for a hold ends with that), `run`, `refuse` (with code, message, cause) and `dead` (with the message).
    /// - Returns: `{stop, {result, …}}`. `stop` is `ok`, `moved` (the queue's end is another entry), `full` (the PM has
    ///   no room any more) or `stale` (room was freed since the plan that refuses). A result is
    ///   `{'started', epoch, pm}`, `{'waiting'}` (behind another job of its VM), `{'ended'}` or `{'dead'}`.
    static let claim = RedisScript(
        name: "claim",
        source: Fragment.clock + Fragment.event + Fragment.touch + Fragment.room + Fragment.brokenRecords
            + Fragment.holdRoom + Fragment.requeue + Fragment.dropVM + Fragment.endJob + Fragment.versions
            + Fragment.bury + #"""
                local worker, lease_ms, kept = ARGV[2], tonumber(ARGV[3]), ARGV[5]
                local results = {}

                refuse(wrong_kind('workers', 'queue', 'processing:' .. worker, 'leases', 'dead', 'events', 'fleet', 'discovery', 'vms', 'gone',
                  'holds', 'jobs:ended') or broken_counters())

                -- The sweep's repairs find the worker's list by this, also where it dies before it announces itself.
                redis.call('ZADD', P .. 'workers', 'GT', whole(now_ms), worker)
                -- An entry whose job cannot be told, or has no record.
                local function discard(line, reason)
                  redis.call('RPOP', KEYS[1])
                  redis.call('LPUSH', KEYS[4], cjson.encode({entry = line, reason = reason, at = now}))
                  event('job.dead', 'reason', reason)
                  return {'dead'}
                end

                local function give_up(line, job, vm, problem)
                  redis.call('RPOP', KEYS[1])
                  bury(line, job, vm, problem, 'malformed_record', 'job ' .. job .. ' was given up, since a record is broken: '
                    .. 'hvc-worker audit finds what else is', kept)
                  return {'dead'}
                end

                -- A PM that cannot be claimed on takes no VMs until a probe can write its record again: else the same plan
                -- would be made for ever.
                local function set_aside(pm, problem)
                  if wrong_kind('pm:' .. pm) then return touch_claims(pm, false) end
                  redis.call('HSET', P .. 'pm:' .. pm, 'state', 'unknown', 'reason', problem)
                  touch(pm, false)
                end

                local function take_room(vm, pm, job, decision)
                  local v = redis.call('HMGET', P .. 'vm:' .. vm, 'cpu', 'ram', 'disk')
                  local free = room(pm)
                  if not free then return false end
                  for i = 1, 3 do if tonumber(v[i]) > free[i] then return false end end
                  for _, g in ipairs(groups_of(vm)) do
                    local here = tonumber(redis.call('HGET', P .. 'pm:' .. pm, 'group:' .. g[1]) or 0)
                    if g[2] == 'anti_affinity' and here > 0 then return false end
                    local all = tonumber(redis.call('HGET', P .. 'group:' .. g[1], 'placed') or 0)
                    if g[2] == 'affinity' and here == 0 and all > 0 then return false end
                  end
                  redis.call('HSET', P .. 'pm:' .. pm, 'last_used', whole(count('use')), 'last_used_at', now)
                  redis.call('HSET', P .. 'vm:' .. vm, 'pm', pm, 'placed_at', now)
                  redis.call('HSET', P .. 'job:' .. job, 'decision', decision)
                  hold_room(vm, pm)
                  return true
                end

                local function start(job, vm, kind)
                  redis.call('RPOPLPUSH', KEYS[1], KEYS[2])
                  local key, v = P .. 'job:' .. job, redis.call('HMGET', P .. 'vm:' .. vm, 'pm', 'state')
                  local pm = v[1] or ''
                  local epoch = redis.call('HINCRBY', key, 'epoch', 1)
                  redis.call('HINCRBY', key, 'attempts', 1)
                  redis.call('HSET', key, 'state', 'running', 'worker', worker, 'started_at', now, 'pm', pm)
                  redis.call('ZADD', KEYS[3], whole(now_ms + lease_ms), job)
                  local state = ({create = 'building', destroy = 'destroying'})[kind]
                  if state and v[2] ~= state then redis.call('HSET', P .. 'vm:' .. vm, 'state', state, 'state_before', v[2]) end
                  redis.call('HSET', P .. 'vm:' .. vm, 'job', job)
                  event('job.started', 'job', job, 'kind', kind, 'vm', vm, 'pm', pm, 'worker', worker)
                  return {'started', epoch, pm}
                end

                local function hold(job, vm)
                  redis.call('RPOP', KEYS[1])
                  local seconds = tonumber(redis.call('HGET', P .. 'job:' .. job, 'hold_s'))
                  local ends = now_ms + seconds * 1000
                  redis.call('HSET', P .. 'vm:' .. vm, 'state', 'held', 'held_until', iso(ends), 'settled_at', now)
                  redis.call('ZADD', P .. 'holds', whole(ends), vm)
                  redis.call('HSET', P .. 'job:' .. job, 'pm', redis.call('HGET', P .. 'vm:' .. vm, 'pm'))
                  end_job(job, 'done', '', '', '', kept)
                  return {'ended'}
                end

                local function take(line, action, job, vm, pm, decision, code, message, cause)
                  if action == 'dead' then return discard(line, message) end
                  local problem = broken_job(job)
                  if problem then return discard(line, problem) end
                  local j = redis.call('HMGET', P .. 'job:' .. job, 'kind', 'entry')
                  local kind = j[1]
                  if not kind then return discard(line, 'no record of job ' .. job) end
                  -- What was planned is what the entry says, and what is done is what the record says.
                  if j[2] ~= line then return discard(line, 'the record of job ' .. job .. ' has another entry') end
                  problem = broken_vm(vm) or kind == 'hold' and not_whole('job:' .. job, true, 'hold_s')
                  if problem then return give_up(line, job, vm, problem) end
                  local v = redis.call('HMGET', P .. 'vm:' .. vm, 'id', 'job', 'pm', 'state')
                  if not v[1] then
                    redis.call('RPOP', KEYS[1])
                    if kind == 'create' or kind == 'hold' then
                      end_job(job, 'failed', 'unknown_vm', 'VM ' .. vm .. ' has no record any more, and was not made', '', kept)
                    else
                      end_job(job, 'done', '', 'the VM was gone already', '', kept)
                    end
                    wake_waiting(vm)
                    return {'ended'}
                  end
                  if v[2] and v[2] ~= job then
                    redis.call('RPOP', KEYS[1])
                    redis.call('RPUSH', P .. 'vm:' .. vm .. ':waiting', line)
                    redis.call('HSET', P .. 'job:' .. job, 'state', 'waiting')
                    return {'waiting'}
                  end
                  problem = broken_pm(v[3], vm)
                  if problem then return give_up(line, job, vm, problem) end
                  if kind == 'destroy' and v[4] == 'held' then
                    redis.call('RPOP', KEYS[1])
                    drop_vm(vm)
                    end_job(job, 'done', '', '', '', kept)
                    return {'ended'}
                  end
                  if (kind == 'create' or kind == 'hold') and not v[3] then
                    if action == 'refuse' then
                      local _, room_version = versions()
                      if room_version ~= ARGV[4] then return nil, 'stale' end
                      redis.call('RPOP', KEYS[1])
                      redis.call('HSET', P .. 'job:' .. job, 'decision', decision)
                      local l = redis.call('HMGET', P .. 'job:' .. job, 'last_code', 'last_error', 'last_cause')
                      if l[1] then
                        -- The PMs that failed it say more than that no other takes it.
                        code, message, cause = l[1], l[2], (l[3] == '' and '' or l[3] .. '; ') .. 'then: ' .. message .. '; ' .. cause
                      end
                      drop_vm(vm)
                      end_job(job, 'failed', code, message, cause, kept)
                      return {'ended'}
                    end
                    -- Planned when it still had its place.
                    if action ~= 'place' then return nil, 'moved' end
                    -- Whoever planned on what is no longer so, a cordon set by hand say, hears of it at the next peek.
                    problem = broken_pm(pm, vm)
                    if problem then
                      set_aside(pm, problem)
                      return nil, 'full'
                    end
                    if not take_room(vm, pm, job, decision) then
                      touch(pm, false)
                      return nil, 'full'
                    end
                  end
                  if kind == 'hold' then return hold(job, vm) end
                  return start(job, vm, kind)
                end

                for i = 6, #ARGV, 9 do
                  if redis.call('LINDEX', KEYS[1], -1) ~= ARGV[i] then return {'moved', results} end
                  local result, stop = take(unpack(ARGV, i, i + 8))
                  if stop then return {stop, results} end
                  results[#results + 1] = result
                end
                return {'ok', results}
                """#
    )
}
