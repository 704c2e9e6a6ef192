/// Pieces of Lua that several scripts begin with.
///
/// Each script gets the key prefix as `ARGV[1]`.
///
/// The scripts build the names of hashes from the prefix, since which ones they touch follows from what they read;
/// all keys of one prefix lie in one slot of a Redis Cluster where the prefix is in braces.
enum Fragment {
    /// `P` the prefix, `now_ms` and `now` (ISO 8601, UTC) by the clock of Redis; `count(name)` the next number.
    static let clock = #"""
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
        local function count(name) return redis.call('HINCRBY', P .. 'counters', name, 1) end

        """#

    /// `event(type, field, value, …)`: tells everybody who follows the stream, which keeps about 10,000 entries.
    static let event = #"""
        local function event(kind, ...)
          redis.call('XADD', P .. 'events', 'MAXLEN', '~', 10000, '*', 'type', kind, ...)
        end

        """#

    /// `touch(pm, grew)`: gives the PM the next version of the fleet; `grew` where it may have more room than before.
    static let touch = #"""
        local function touch(pm, grew)
          redis.call('ZADD', P .. 'fleet', whole(count('fleet')), pm)
          if grew then count('room') end
        end

        """#

    /// `room(pm)`: free cpu, ram, disk, or nil where the PM takes no VMs.
    ///
    /// The arithmetic of `PhysicalMachine.free`; a test runs the same cases through both.
    static let room = #"""
        local function room(pm)
          local f = redis.call('HMGET', P .. 'pm:' .. pm, 'state', 'cordoned', 'listed')
          if f[1] ~= 'up' or f[2] == '1' or f[3] ~= '1' then return nil end
          local free = {}
          for i, r in ipairs({'cpu', 'ram', 'disk'}) do
            local v = redis.call('HMGET', P .. 'pm:' .. pm, r, 'overcommit_' .. r, 'foreign_' .. r,
              'claimed_' .. r, 'available_' .. r, 'measured_claimed_' .. r)
            if not v[1] then return nil end
            local function n(k) return tonumber(v[k] or 0) or 0 end
            local promised = math.floor(n(1) * n(2) * (1 + 1e-12)) - n(3) - n(4)
            local measured = n(5) - math.max(0, n(4) - n(6))
            free[i] = math.max(0, math.min(promised, measured))
          end
          return free
        end

        """#

    /// `drop_vm(vm)`: frees what the VM holds and forgets it; the jobs behind it come to the front of the queue.
    static let dropVM = #"""
        local function wake_waiting(vm)
          local list = P .. 'vm:' .. vm .. ':waiting'
          local line = redis.call('LPOP', list)
          if not line then return end
          local id = string.match(line, '"job":(%d+)')
          if id then redis.call('HSET', P .. 'job:' .. id, 'state', 'queued') end
          redis.call('RPUSH', P .. 'queue', line)
        end
        local function drop_vm(vm)
          local v = redis.call('HMGET', P .. 'vm:' .. vm, 'pm', 'cpu', 'ram', 'disk')
          local pm = v[1]
          if pm and pm ~= '' and redis.call('SREM', P .. 'pm:' .. pm .. ':vms', vm) == 1 then
            for i, r in ipairs({'cpu', 'ram', 'disk'}) do
              redis.call('HINCRBY', P .. 'pm:' .. pm, 'claimed_' .. r, -tonumber(v[i + 1]))
            end
            redis.call('HINCRBY', P .. 'pm:' .. pm, 'vms', -1)
            touch(pm, true)
            -- What it used is free now: measure again soon rather than at the end of the period.
            if redis.call('ZSCORE', P .. 'discovery', pm) then
              redis.call('ZADD', P .. 'discovery', 'LT', whole(now_ms), pm)
            end
          end
          redis.call('DEL', P .. 'vm:' .. vm)
          redis.call('ZREM', P .. 'vms', vm)
          wake_waiting(vm)
        end

        """#

    /// `end_job(job, state, code, message, cause, kept_s)`: writes the outcome, tells it, and lets the record go later.
    static let endJob = #"""
        local function end_job(job, state, code, message, cause, kept_s)
          local key = P .. 'job:' .. job
          redis.call('HSET', key, 'state', state, 'finished_at', now,
            'error_code', code, 'error', message, 'cause', cause)
          redis.call('EXPIRE', key, kept_s)
          local j = redis.call('HMGET', key, 'kind', 'vm', 'pm')
          event('job.finished', 'job', job, 'kind', j[1] or '', 'vm', j[2] or '', 'pm', j[3] or '',
            'state', state, 'code', code, 'message', message, 'cause', cause)
        end

        """#
}
