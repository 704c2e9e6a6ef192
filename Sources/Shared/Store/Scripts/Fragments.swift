/// Pieces of Lua that several scripts begin with.
///
/// Each script gets the key prefix as `ARGV[1]`.
///
/// The scripts build the names of hashes from the prefix, since which ones they touch follows from what they read;
/// all keys of one prefix lie in one slot of a Redis Cluster where the prefix is in braces.
enum Fragment {
    /// `P` the prefix, `now_ms` and `now` (ISO 8601, UTC) by the clock of Redis; `count(name)` the next number.
    static let clock = time + counters

    /// Of `clock`, what scripts need that give no numbers.
    static let time = #"""
        local P = ARGV[1]
        local t = redis.call('TIME')
        local now_ms = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
        local function whole(n) return string.format('%.0f', n) end
        -- Days to a date as in H. Hinnant, "chrono-compatible low-level date algorithms": Redis' Lua has no os.date.
        local function iso(ms)
          local s = math.floor(ms / 1000)
          local z = math.floor(s / 86400) + 719468
          local r = s % 86400
          local era = math.floor(z / 146097)
          local doe = z % 146097
          local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
          local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
          local mp = math.floor((5 * doy + 2) / 153)
          local d = doy - math.floor((153 * mp + 2) / 5) + 1
          local m = mp < 10 and mp + 3 or mp - 9
          local y = yoe + era * 400 + (m <= 2 and 1 or 0)
          return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', y, m, d,
            math.floor(r / 3600), math.floor(r / 60) % 60, r % 60, ms % 1000)
        end
        local now = iso(now_ms)

        """#

    /// `event(type, field, value, …)`: tells everybody who follows the stream, which keeps about 10,000 entries.
    static let event = #"""
        local function event(kind, ...)
          redis.call('XADD', P .. 'events', 'MAXLEN', '~', 10000, '*', 'type', kind, ...)
        end

        """#

    /// `touch(pm, grew)`: gives the PM the next version of the fleet; `grew` where it may have more room than before.
    ///
    /// `touch_claims(pm, grew)`: the same where nothing changed but what VMs of ours hold there, and when it was used.
    static let touch = #"""
        local function touch_claims(pm, grew)
          local version = whole(count('fleet'))
          redis.call('ZADD', P .. 'fleet', version, pm)
          if grew then count('room') end
          return version
        end
        local function touch(pm, grew)
          redis.call('HSET', P .. 'pm:' .. pm, 'record_version', touch_claims(pm, grew))
        end

        """#

    /// `look_soon(pm)`: has the PM looked at now, or, where a look is under way, again when that has ended.
    static let lookSoon = #"""
        local function look_soon(pm)
          if not redis.call('ZSCORE', P .. 'discovery', pm) then return end
          if (tonumber(redis.call('HGET', P .. 'pm:' .. pm, 'looking_until') or 0) or 0) > now_ms then
            redis.call('HSET', P .. 'pm:' .. pm, 'look_again', 1)
          else
            redis.call('ZADD', P .. 'discovery', 'LT', whole(now_ms), pm)
          end
        end

        """#

    /// `is_ready()`: whether all is known that there is; `mark_ready()`: notes it once it is.
    ///
    /// Needs `event`. A Redis that was empty knows of no VM before each PM that is listed was looked at once, with or without success.
    static let ready = #"""
        local function is_ready()
          local c = redis.call('HMGET', P .. 'counters', 'ready_at', 'began_at')
          return c[1] or c[2] and redis.call('EXISTS', P .. 'pms') == 0
        end
        local function mark_ready()
          if redis.call('HEXISTS', P .. 'counters', 'ready_at') == 1 then return end
          -- One after another: nobody walks all PMs before each of them was looked at.
          local upto = redis.call('HGET', P .. 'counters', 'ready_upto') or '0'
          while true do
            local pm = redis.call('ZRANGEBYSCORE', P .. 'pms', '(' .. upto, '+inf', 'LIMIT', 0, 1)[1]
            if not pm then break end
            if redis.call('HEXISTS', P .. 'pm:' .. pm, 'checked_at') == 0 then
              redis.call('HSET', P .. 'counters', 'ready_upto', upto)
              return
            end
            upto = pm
          end
          redis.call('HDEL', P .. 'counters', 'ready_upto')
          local all_read = true
          for _, pm in ipairs(redis.call('ZRANGE', P .. 'pms', 0, -1)) do
            local m = redis.call('HMGET', P .. 'pm:' .. pm, 'checked_at', 'inventory_at')
            if not m[1] then return end
            all_read = all_read and m[2]
          end
          if not all_read and redis.call('HEXISTS', P .. 'counters', 'adopted') == 1 then
            -- A PM that does not answer may have VMs with higher numbers than those that were found.
            for _, name in ipairs({'vm', 'job'}) do redis.call('HINCRBY', P .. 'counters', name, 1000) end
          end
          redis.call('HSET', P .. 'counters', 'ready_at', now)
          event('fleet.ready')
        end

        """#

    /// `blame(pm)`: notes that a create failed on the PM, which is then asked after others; needs `touch`.
    static let blame = #"""
        local function blame(pm)
          redis.call('HINCRBY', P .. 'pm:' .. pm, 'failures', 1)
          redis.call('HSET', P .. 'pm:' .. pm, 'failed_at', whole(now_ms))
          touch(pm, false)
        end

        """#

    /// `groups_in(text)`: the groups of a VM with their rules; `count_groups(vm, pm, n)`: the PM has `n` more of each, and
    /// the answer is whether there are any.
    ///
    /// `join_groups(vm)` and `leave_groups(vm)`: a group is known, and has its rule, as long as it has VMs.
    static let groups = #"""
        local function groups_in(text)
          local found = {}
          for name, rule in string.gmatch(text or '', '([^,=]+)=([^,=]+)') do found[#found + 1] = {name, rule} end
          return found
        end
        local function groups_of(vm) return groups_in(redis.call('HGET', P .. 'vm:' .. vm, 'groups')) end
        local function count_groups(vm, pm, n)
          local found = groups_of(vm)
          for _, g in ipairs(found) do
            local field = 'group:' .. g[1]
            if redis.call('HINCRBY', P .. 'pm:' .. pm, field, n) <= 0 then redis.call('HDEL', P .. 'pm:' .. pm, field) end
            redis.call('HINCRBY', P .. 'group:' .. g[1], 'placed', n)
          end
          return #found > 0
        end
        local function join_groups(vm)
          for _, g in ipairs(groups_of(vm)) do
            redis.call('HSETNX', P .. 'group:' .. g[1], 'rule', g[2])
            redis.call('HINCRBY', P .. 'group:' .. g[1], 'members', 1)
          end
        end
        local function leave_groups(vm)
          for _, g in ipairs(groups_of(vm)) do
            local key = P .. 'group:' .. g[1]
            if redis.call('HINCRBY', key, 'members', -1) <= 0 then redis.call('DEL', key) end
          end
        end

        """#

    /// `hold_room(vm, pm)`: notes on the PM that the VM holds its room there, whether there is any or not; needs `touch`.
    static let holdRoom =
        groups + #"""
            local function hold_room(vm, pm)
              -- A VM whose record was lost holds its room still.
              if redis.call('SADD', P .. 'pm:' .. pm .. ':vms', vm) == 0 then return touch(pm, false) end
              local v = redis.call('HMGET', P .. 'vm:' .. vm, 'cpu', 'ram', 'disk')
              for i, r in ipairs({'cpu', 'ram', 'disk'}) do
                redis.call('HINCRBY', P .. 'pm:' .. pm, 'claimed_' .. r, v[i])
              end
              redis.call('HINCRBY', P .. 'pm:' .. pm, 'vms', 1)
              if count_groups(vm, pm, 1) then touch(pm, false) else touch_claims(pm, false) end
            end

            """#

    /// `requeue(line, job)`: puts an entry back to its place in the queue, which is ordered by the jobs' numbers.
    ///
    /// Nearly always that is the front. A job that was put off may come back when older ones stand there.
    static let requeue = #"""
        local function requeue(line, job)
          local queue, last = P .. 'queue', -1
          while true do
            local lines = redis.call('LRANGE', queue, last - 63, last)
            if #lines == 0 then return redis.call('LPUSH', queue, line) end
            for i = #lines, 1, -1 do
              local other = tonumber(string.match(lines[i], '"job":(%d+)'))
              if other and other > tonumber(job) then
                return redis.call('LINSERT', queue, 'AFTER', lines[i], line)
              end
            end
            last = last - 64
          end
        end

        """#

    /// For how long the UUID of a VM that was dropped is kept.
    ///
    /// What was seen before that is not believed any more.
    static let goneMilliseconds = 600_000

    /// `free_room(vm)`: frees what the VM holds; `drop_vm(vm)`: that, and forgets the VM.
    ///
    /// The jobs behind the VM's come to the queue. `hvc:gone` keeps a dropped VM's UUID for a while, so that a look at
    /// its PM that began before does not take it for one that was lost. Needs `touch` and `requeue`.
    static let dropVM =
        lookSoon + groups + #"""
            local function wake_waiting(vm)
              local line = redis.call('LPOP', P .. 'vm:' .. vm .. ':waiting')
              if not line then return end
              local job = string.match(line, '"job":(%d+)')
              if not job then
                redis.call('LPUSH', P .. 'dead', cjson.encode({entry = line, reason = 'it is no entry', at = now}))
                return wake_waiting(vm)
              end
              redis.call('HSET', P .. 'job:' .. job, 'state', 'queued')
              requeue(line, job)
            end
            local function free_room(vm)
              local v = redis.call('HMGET', P .. 'vm:' .. vm, 'pm', 'cpu', 'ram', 'disk')
              local pm = v[1]
              if not pm or redis.call('SREM', P .. 'pm:' .. pm .. ':vms', vm) == 0 then return end
              for i, r in ipairs({'cpu', 'ram', 'disk'}) do
                redis.call('HINCRBY', P .. 'pm:' .. pm, 'claimed_' .. r, -tonumber(v[i + 1]))
              end
              redis.call('HINCRBY', P .. 'pm:' .. pm, 'vms', -1)
              if count_groups(vm, pm, -1) then touch(pm, true) else touch_claims(pm, true) end
              -- What it used is free now: measure again soon rather than at the end of the period.
              look_soon(pm)
            end
            local function drop_vm(vm)
              free_room(vm)
              leave_groups(vm)
              local uuid = redis.call('HGET', P .. 'vm:' .. vm, 'uuid')
              if uuid then redis.call('ZADD', P .. 'gone', whole(now_ms), uuid) end
              redis.call('ZREMRANGEBYSCORE', P .. 'gone', '-inf', whole(now_ms - \#(goneMilliseconds)))
              redis.call('DEL', P .. 'vm:' .. vm)
              redis.call('ZREM', P .. 'vms', vm)
              redis.call('ZREM', P .. 'holds', vm)
              wake_waiting(vm)
            end

            """#

    /// `let_go(job, entry, worker)`: takes a running job from its worker, whose epoch no longer counts from then on.
    ///
    /// Needs `brokenRecords`.
    static let letGo = #"""
        local function let_go(job, entry, worker)
          redis.call('ZREM', P .. 'leases', job)
          if not wrong_kind('processing:' .. worker) then redis.call('LREM', P .. 'processing:' .. worker, 1, entry) end
          redis.call('HINCRBY', P .. 'job:' .. job, 'epoch', 1)
        end

        """#

    /// `put_off(job, pm, delay_ms)`: takes up the job again after a time, or as soon as its PM is up again.
    ///
    /// `take_up(job)`: puts a job that was put off back to its place in the queue; returns what is broken of it. Needs
    /// `requeue` and `brokenRecords`.
    static let putOff = #"""
        local function put_off(job, pm, delay_ms)
          redis.call('HSET', P .. 'job:' .. job, 'state', 'delayed')
          redis.call('ZADD', P .. 'delayed', whole(now_ms + delay_ms), job)
          redis.call('SADD', P .. 'pm:' .. pm .. ':delayed', job)
        end
        local function take_up(job)
          redis.call('ZREM', P .. 'delayed', job)
          local key, problem = P .. 'job:' .. job, broken_job(job)
          if problem then return problem end
          local j = redis.call('HMGET', key, 'state', 'pm', 'entry', 'vm')
          if j[2] and not wrong_kind('pm:' .. j[2] .. ':delayed') then redis.call('SREM', P .. 'pm:' .. j[2] .. ':delayed', job) end
          if j[1] ~= 'delayed' then return end
          redis.call('HSET', key, 'state', 'queued')
          requeue(j[3], job)
          event('job.queued', 'job', job, 'vm', j[4], 'why', 'its time has come')
        end

        """#
}
