import RedisClient

/// One machine under two addresses: which of its PMs stands for it.
extension RedisScript {
    /// Notes which machine a PM's address leads to, and whether a PM with a lower number stands for that machine already.
    ///
    /// The lowest number is the real PM; the others are its aliases from this moment on, and what VMs held on them they hold
    /// on the real one. After a boot a machine has another identity, which its PMs tell one after another. So an alias whose
    /// identity is another than that of its real PM stays one until the real PM was probed between two probes of the alias
    /// that found the same.
    ///
    /// - KEYS: 1 identities.
    /// - ARGV: 1 prefix, 2 pm, 3 the machine's identity, or empty where it does not say it.
    /// - Returns: `{the PM of which this one is an alias, or empty, alias, its PM, …}`, with the aliases that are new.
    static let identify = RedisScript(
        name: "identify",
        source: Fragment.clock + Fragment.event + Fragment.touch + Fragment.brokenRecords + Fragment.holdRoom
            + Fragment.requeue + Fragment.dropVM + Fragment.identities + Fragment.makeAlias + #"""
                local pm, identity, key = ARGV[2], ARGV[3], P .. 'pm:' .. ARGV[2]
                refuse(wrong_kind('identities', 'fleet', 'events', 'discovery') or broken_counters() or broken_pm(pm))
                for _, member in ipairs(identity_members(identity)) do refuse(broken_pm(member)) end
                local known = redis.call('HMGET', key, 'listed', 'identity', 'identified_at', 'alias_of')
                if known[1] ~= '1' then return {''} end
                local before, alias = known[2] or '', known[4]
                local other = {}
                refuse(broken_pm(alias or ''))
                if alias then
                  other = redis.call('HMGET', P .. 'pm:' .. alias, 'listed', 'identity', 'state', 'inventory_at')
                end

                if before ~= identity then
                  leave_identity(pm, before)
                  redis.call('HSET', key, 'identity', identity, 'identified_at', now)
                end
                local members = {}
                if identity ~= '' then
                  members = join_identity(pm, identity)
                  -- The list may have been lost.
                  if other[1] == '1' and other[2] == identity then members = join_identity(alias, identity) end
                end
                local new = {}
                local function note(which, real)
                  if redis.call('HGET', P .. 'pm:' .. which, 'alias_of') == real then return end
                  make_alias(which, real)
                  new[#new + 1], new[#new + 2] = which, real
                end
                local real = members[1] or pm
                if real ~= pm then
                  note(pm, real)
                  return {real, unpack(new)}
                end
                for i = 2, #members do note(members[i], pm) end
                if not alias then return {'', unpack(new)} end

                local mayBeSame = identity ~= '' and other[1] == '1' and (other[2] or '') ~= ''
                local wasBetween = before == identity and (other[3] == 'up' or other[3] == 'alias')
                  and (other[4] or '') > (known[3] or '')
                if mayBeSame and not wasBetween then
                  look_soon(alias)
                  return {alias, unpack(new)}
                end
                redis.call('HDEL', key, 'alias_of')
                touch(pm, false)
                return {'', unpack(new)}
                """#
    )
}

extension Fragment {
    /// `join_identity(pm, identity)`: adds a PM to those whose address leads to a machine, and tells them, lowest number first;
    /// `leave_identity(pm, identity)`: takes it off.
    static let identities = #"""
        local function identity_members(identity)
          local members = {}
          for pm in string.gmatch(redis.call('HGET', P .. 'identities', identity) or '', '%d+') do
            members[#members + 1] = pm
          end
          return members
        end
        local function join_identity(pm, identity)
          local members = identity_members(identity)
          for _, member in ipairs(members) do
            if member == pm then return members end
          end
          members[#members + 1] = pm
          table.sort(members, function(a, b) return tonumber(a) < tonumber(b) end)
          redis.call('HSET', P .. 'identities', identity, table.concat(members, ','))
          return members
        end
        local function leave_identity(pm, identity)
          if (identity or '') == '' then return {} end
          local others = {}
          for _, member in ipairs(identity_members(identity)) do
            if member ~= pm then others[#others + 1] = member end
          end
          if #others == 0 then redis.call('HDEL', P .. 'identities', identity)
          else redis.call('HSET', P .. 'identities', identity, table.concat(others, ',')) end
          return others
        end

        """#

    /// `be_alias(pm, real)`: writes that a PM is another one's alias, which has no figures of its own.
    static let beAlias = #"""
        local function be_alias(pm, real)
          local key = P .. 'pm:' .. pm
          local address = redis.call('HGET', P .. 'pm:' .. real, 'address') or ''
          redis.call('HSET', key, 'alias_of', real, 'state', 'alias', 'reason', 'the same machine as PM ' .. real .. ' ('
            .. address .. '): host UUID, boot id and machine id are equal; take one of the two out of the pm_file')
          redis.call('HDEL', key, 'cpu', 'ram', 'disk', 'available_cpu', 'available_ram', 'available_disk', 'foreign_cpu',
            'foreign_ram', 'foreign_disk', 'measured_claimed_cpu', 'measured_claimed_ram', 'measured_claimed_disk', 'load',
            'source', 'measured_at', 'domains', 'domains_foreign', 'foreign_domains')
        end

        """#

    /// `make_alias(pm, real)`: makes a PM another one's alias; what VMs hold there they hold on the real one from then on.
    ///
    /// A VM whose record is broken stays where it is. Needs `event`, `touch`, `brokenRecords`, `holdRoom` and `dropVM`.
    static let makeAlias =
        beAlias + #"""
            local function make_alias(pm, real)
              be_alias(pm, real)
              for _, vm in ipairs(redis.call('SMEMBERS', P .. 'pm:' .. pm .. ':vms')) do
                local key = P .. 'vm:' .. vm
                local is_broken = broken_vm(vm) or broken_pm(pm, vm) or broken_pm(real, vm)
                if not is_broken and redis.call('HGET', key, 'pm') == pm then
                  free_room(vm)
                  redis.call('HSET', key, 'pm', real)
                  redis.call('HDEL', key, 'also_on', 'also_on_at', 'duplicate')
                  hold_room(vm, real)
                  event('vm.moved', 'vm', vm, 'pm', real, 'from', pm, 'state', redis.call('HGET', key, 'state') or '')
                end
              end
              touch(pm, false)
              look_soon(real)
              event('pm.alias', 'pm', pm, 'alias_of', real)
            end

            """#
}
