import RedisClient

/// What looks at PMs find of VMs; each script checks first that nothing has happened to the VM since the look began.
extension RedisScript {
    /// Writes that a VM's domain is in another state than its record says.
    ///
    /// - KEYS: 1 delayed.
    /// - ARGV: 1 prefix, 2 pm, 3 when the look began in ms, 4 vm, 5 uuid, 6 the state of the record, 7 the state that was
    ///   found, 8 ms until the VM is to be started again, or empty, 9 the highest number of a job that the worker has seen,
    ///   10 libvirt's reason for the state, or empty.
    /// - Returns: 1, or 0 where the finding is not of what the record says now.
    static let observe = RedisScript(
        name: "observe",
        source: Fragment.clock + Fragment.event + Fragment.lookSoon + Fragment.brokenRecords + Fragment.requeue
            + Fragment.putOff + Fragment.still + Fragment.startAgain + #"""
                local pm, looked, vm, before, after = ARGV[2], iso(tonumber(ARGV[3])), ARGV[4], ARGV[6], ARGV[7]
                if not still(vm, ARGV[5], pm, before, looked) then return 0 end
                refuse(wrong_kind('events', 'discovery', 'delayed') or broken_counters() or broken_vm(vm) or broken_pm(pm))
                local key = P .. 'vm:' .. vm
                redis.call('HSET', key, 'state', after, 'settled_at', looked)
                if ARGV[10] ~= '' then redis.call('HSET', key, 'state_reason', ARGV[10])
                else redis.call('HDEL', key, 'state_reason') end
                local resumed = before == 'paused' and after == 'running'
                if after == 'running' and not resumed then redis.call('HSET', key, 'running_at', looked) end
                local what = ({running = 'vm.started', paused = 'vm.paused', crashed = 'vm.crashed',
                  stopped = 'vm.stopped', missing = 'vm.missing'})[after]
                what = before == 'missing' and 'vm.found' or resumed and 'vm.resumed' or what
                event(what, 'vm', vm, 'pm', pm, 'state', after, 'reason', ARGV[10])
                local other = redis.call('HGET', key, 'also_on')
                if other then
                  -- It may have been moved there, so it is not to be started here.
                  if after == 'missing' then look_soon(other) end
                elseif ARGV[8] ~= '' then
                  start_again(vm, pm, tonumber(ARGV[8]), ARGV[9])
                end
                return 1
                """#
    )

    /// Writes that a VM's domain is on another PM than its record says, or on one though it was not placed yet.
    ///
    /// - KEYS: none.
    /// - ARGV: 1 prefix, 2 pm, 3 when the look began in ms, 4 vm, 5 uuid, 6 the PM of the record, or empty, 7 the state that
    ///   was found.
    /// - Returns: 1, or 0 where the finding is not of what the record says now.
    static let move = RedisScript(
        name: "move",
        source: Fragment.clock + Fragment.event + Fragment.touch + Fragment.brokenRecords + Fragment.holdRoom
            + Fragment.requeue + Fragment.dropVM + Fragment.still + Fragment.move + #"""
                local pm, looked, vm, from, after = ARGV[2], iso(tonumber(ARGV[3])), ARGV[4], ARGV[6], ARGV[7]
                if from == '' then
                  -- A create that nobody has placed by the records goes on where its domain is.
                  local v = redis.call('HMGET', P .. 'vm:' .. vm, 'uuid', 'pm', 'state', 'settled_at')
                  if v[1] ~= ARGV[5] or v[2] or v[3] ~= 'queued' or (v[4] or '') > looked then return 0 end
                  after = 'queued'
                elseif not still(vm, ARGV[5], from, 'missing', looked) then
                  return 0
                end
                move(vm, from, pm, after, looked)
                return 1
                """#
    )

    /// Notes that a PM has a domain of a VM that another PM holds by the record, and has that one looked at.
    ///
    /// Where that one is this same machine, as its alias, or under an earlier address that is no longer listed, the VM moves
    /// at once.
    ///
    /// - KEYS: none.
    /// - ARGV: 1 prefix, 2 pm, 3 when the look began in ms, 4 vm, 5 uuid, 6 the PM of the record, 7 the state that was
    ///   found, 8 the machine's UUID.
    /// - Returns: `moved`, `noted` the first time, or empty.
    static let sight = RedisScript(
        name: "sight",
        source: Fragment.clock + Fragment.event + Fragment.touch + Fragment.brokenRecords + Fragment.holdRoom
            + Fragment.requeue + Fragment.dropVM + Fragment.still + Fragment.move + #"""
                local pm, looked, vm, from = ARGV[2], iso(tonumber(ARGV[3])), ARGV[4], ARGV[6]
                local key = P .. 'vm:' .. vm
                local v = redis.call('HMGET', key, 'state', 'also_on')
                if not ({running = 1, paused = 1, crashed = 1, stopped = 1})[v[1] or ''] then return '' end
                if not still(vm, ARGV[5], from, v[1], looked) then return '' end
                local m = redis.call('HMGET', P .. 'pm:' .. from, 'listed', 'host_uuid', 'alias_of')
                if m[3] == pm or m[1] ~= '1' and m[2] == ARGV[8] then
                  move(vm, from, pm, ARGV[7], looked)
                  return 'moved'
                end
                redis.call('HSET', key, 'also_on', pm, 'also_on_at', looked)
                if v[2] == pm then return '' end
                redis.call('HDEL', key, 'duplicate')
                look_soon(from)
                return 'noted'
                """#
    )

    /// Settles what a note of another PM's domain comes to, now that the VM's own PM was seen to have one, too.
    ///
    /// - KEYS: none.
    /// - ARGV: 1 prefix, 2 pm, 3 when the look began in ms, 4 vm, 5 uuid.
    /// - Returns: `duplicate` the first time that both were seen, `single` where the other PM was looked at since and has
    ///   none, or is this one's alias, or empty.
    static let compare = RedisScript(
        name: "compare",
        source: Fragment.clock + Fragment.event + #"""
            local pm, looked, key = ARGV[2], iso(tonumber(ARGV[3])), P .. 'vm:' .. ARGV[4]
            local v = redis.call('HMGET', key, 'uuid', 'pm', 'also_on', 'also_on_at', 'duplicate')
            if v[1] ~= ARGV[5] or v[2] ~= pm or not v[3] then return '' end
            local m = redis.call('HMGET', P .. 'pm:' .. v[3], 'inventory_at', 'alias_of')
            local seen = m[1]
            if m[2] == pm or seen and seen > v[4] then
              redis.call('HDEL', key, 'also_on', 'also_on_at', 'duplicate')
              return 'single'
            end
            if v[5] or looked < v[4] then return '' end
            redis.call('HSET', key, 'duplicate', 1)
            event('vm.duplicate', 'vm', ARGV[4], 'pm', pm, 'other', v[3])
            return 'duplicate'
            """#
    )

    /// Makes a VM known again from what its domain says of it.
    ///
    /// Its room is taken whether there is any or not, and no number that it tells of is given again.
    ///
    /// - KEYS: 1 vms, 2 gone, 3 counters.
    /// - ARGV: 1 prefix, 2 pm, 3 when the look began in ms, 4 vm, 5 uuid, 6 the state that was found, 7 type, 8 image,
    ///   9 the create's job, or empty, then field, value, … of the record.
    /// - Returns: `adopted`; `gone` where the VM was forgotten since the look began; `taken` where another VM has its
    ///   number; `out_of_range` where a number that it tells of is larger than any that is given, so that none could follow
    ///   it; empty where it is known or the PM is not.
    static let adopt = RedisScript(
        name: "adopt",
        source: Fragment.clock + Fragment.event + Fragment.touch + Fragment.brokenRecords + Fragment.holdRoom
            + Fragment.lookSoon + #"""
                local pm, looked, vm, uuid = ARGV[2], iso(tonumber(ARGV[3])), ARGV[4], ARGV[5]
                local key = P .. 'vm:' .. vm
                if redis.call('HGET', P .. 'pm:' .. pm, 'listed') ~= '1' then return '' end
                local known = redis.call('HGET', key, 'uuid')
                if known then return known == uuid and '' or 'taken' end
                -- A worker that was frozen may have seen it long ago.
                if tonumber(ARGV[3]) < now_ms - \#(Fragment.goneMilliseconds) then return 'gone' end
                local gone = redis.call('ZSCORE', KEYS[2], uuid)
                if gone and tonumber(gone) >= tonumber(ARGV[3]) then return 'gone' end
                local told = {vm = ARGV[4], type = ARGV[7], image = ARGV[8], job = ARGV[9]}
                for i = 10, #ARGV, 2 do
                  if ARGV[i] == 'cpu' or ARGV[i] == 'ram' or ARGV[i] == 'disk' then told[ARGV[i]] = ARGV[i + 1] end
                  for _, g in ipairs(ARGV[i] == 'groups' and groups_in(ARGV[i + 1]) or {}) do
                    refuse(not_whole('group:' .. g[1], false, 'members', 'placed') or not_whole('pm:' .. pm, false, 'group:' .. g[1]))
                  end
                end
                for _, number in pairs(told) do
                  if (tonumber(number) or 0) > \#(Fragment.largestNumber) then return 'out_of_range' end
                end
                refuse(wrong_kind('vms', 'events', 'fleet', 'discovery') or broken_counters()
                  or not_whole('counters', false, 'type', 'image', 'adopted') or broken_pm(pm))
                -- Where only its record was lost, it is counted already.
                local is_counted = redis.call('SISMEMBER', P .. 'pm:' .. pm .. ':vms', vm) == 1
                redis.call('HSET', key, 'id', vm, 'uuid', uuid, 'state', ARGV[6], 'type', ARGV[7], 'image', ARGV[8],
                  'pm', pm, 'placed_at', now, 'adopted_at', now, 'settled_at', looked, unpack(ARGV, 10))
                if ARGV[6] == 'running' then redis.call('HSET', key, 'running_at', looked) end
                redis.call('ZADD', KEYS[1], vm, vm)
                if not is_counted then join_groups(vm) end
                hold_room(vm, pm)
                for _, name in ipairs({'vm', 'type', 'image', 'job'}) do
                  local number = tonumber(told[name]) or 0
                  if number > tonumber(redis.call('HGET', KEYS[3], name) or 0) then
                    redis.call('HSET', KEYS[3], name, whole(number))
                  end
                end
                redis.call('HINCRBY', KEYS[3], 'adopted', 1)
                look_soon(pm)
                event('vm.adopted', 'vm', vm, 'pm', pm, 'state', ARGV[6])
                return 'adopted'
                """#
    )

    /// Notes how a VM's domain differs from what the VM was made as, or that it no longer does.
    ///
    /// - KEYS: none.
    /// - ARGV: 1 prefix, 2 pm, 3 when the look began in ms, 4 vm, 5 uuid, 6 the state of the record, 7 how it differs, or
    ///   empty.
    /// - Returns: 1, or 0 where the finding is not of what the record says now.
    static let noteDrift = RedisScript(
        name: "note-drift",
        source: Fragment.clock + Fragment.event + Fragment.still + #"""
            local vm, key = ARGV[4], P .. 'vm:' .. ARGV[4]
            if not still(vm, ARGV[5], ARGV[2], ARGV[6], iso(tonumber(ARGV[3]))) then return 0 end
            if ARGV[7] ~= '' then redis.call('HSET', key, 'drift', ARGV[7]) else redis.call('HDEL', key, 'drift') end
            event('vm.drifted', 'vm', vm, 'pm', ARGV[2], 'drift', ARGV[7])
            return 1
            """#
    )

    /// Has a PM looked at soon since something happened to a domain there that no job of ours explains.
    ///
    /// - KEYS: 1 gone.
    /// - ARGV: 1 prefix, 2 pm, 3 uuid, 4 the domain's name, 5 what happened: `defined`, `undefined`, `started`, `stopped`,
    ///   `paused`, `resumed`, `crashed`, or `lost` where events may have been missed.
    /// - Returns: 1, or 0 where the records know of it.
    static let hear = RedisScript(
        name: "hear",
        source: Fragment.clock + Fragment.event + Fragment.lookSoon + #"""
            local pm, what = ARGV[2], ARGV[5]
            local vm = string.match(ARGV[4], '^hvc%-(%d+)%-%x+$')
            local v = vm and redis.call('HMGET', P .. 'vm:' .. vm, 'uuid', 'pm', 'job', 'state') or {}
            if v[1] == ARGV[3] and v[2] == pm then
              if v[3] then return 0 end
              if (what == 'started' or what == 'resumed') and v[4] == 'running' or what == 'paused' and v[4] == 'paused'
                or (what == 'stopped' or what == 'crashed') and (v[4] == 'stopped' or v[4] == 'crashed')
                or what == 'defined' and v[4] ~= 'missing' or what == 'undefined' and v[4] == 'missing' then
                return 0
              end
            elseif redis.call('ZSCORE', KEYS[1], ARGV[3]) then
              return 0
            end
            look_soon(pm)
            event('pm.due', 'pm', pm, 'domain', ARGV[4], 'what', what)
            return 1
            """#
    )
}

extension Fragment {
    /// `still(vm, uuid, pm, state, looked)`: whether a look's finding is about the VM as its record says it is now.
    ///
    /// It is not while a job of the VM is under way, and where one has ended since the look began.
    fileprivate static let still = #"""
        local function still(vm, uuid, pm, state, looked)
          local v = redis.call('HMGET', P .. 'vm:' .. vm, 'uuid', 'pm', 'state', 'job', 'settled_at')
          return v[1] == uuid and v[2] == pm and v[3] == state and not v[4] and (v[5] or '') <= looked
        end

        """#

    /// `move(vm, from, to, state, looked)`: the VM and its room are another PM's from now on; needs `brokenRecords`,
    /// `dropVM`, `holdRoom`.
    fileprivate static let move = #"""
        local function move(vm, from, to, state, looked)
          local key = P .. 'vm:' .. vm
          refuse(wrong_kind('events', 'fleet', 'discovery', 'queue', 'vms') or broken_counters() or broken_vm(vm)
            or broken_pm(from, vm) or broken_pm(to, vm))
          free_room(vm)
          redis.call('HSET', key, 'pm', to, 'placed_at', now, 'state', state, 'settled_at', looked)
          redis.call('HDEL', key, 'also_on', 'also_on_at', 'duplicate', 'state_reason')
          if state == 'running' then redis.call('HSET', key, 'running_at', looked) end
          hold_room(vm, to)
          look_soon(to)
          event('vm.moved', 'vm', vm, 'pm', to, 'from', from, 'state', state)
        end

        """#

    /// `start_again(vm, pm, delay_ms, job_floor)`: puts a start of the VM off for a time, unless one or a destroy is on its way.
    fileprivate static let startAgain = #"""
        local function start_again(vm, pm, delay_ms, job_floor)
          local key = P .. 'vm:' .. vm
          local v = redis.call('HMGET', key, 'destroy_job', 'start_job')
          local state = v[2] and redis.call('HGET', P .. 'job:' .. v[2], 'state')
          if v[1] or state and state ~= 'done' and state ~= 'failed' and state ~= 'dead' then return end
          local job, why = whole(count('job', job_floor)), 'it was found switched off'
          local line = string.format('{"job":%s,"kind":"start","vm":%s,"cpu":0,"ram":0,"disk":0}', job, vm)
          redis.call('HSET', key, 'start_job', job)
          redis.call('HSET', P .. 'job:' .. job, 'id', job, 'kind', 'start', 'vm', vm, 'pm', pm, 'entry', line,
            'accepted_at', now, 'request', '', 'put_off', why)
          put_off(job, pm, delay_ms)
          event('job.delayed', 'job', job, 'kind', 'start', 'vm', vm, 'pm', pm, 'why', why)
        end

        """#
}
