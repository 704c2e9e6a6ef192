/// Commands about sets.
let setCommands = [
    Command("SADD", -3) { keyspace, words throws(CommandError) in
        let set: SetValue
        if let old = try keyspace.members(at: words[1]) {
            set = old
        } else {
            set = SetValue()
            keyspace.set(words[1], .set(set))
        }
        return .integer(words.dropFirst(2).reduce(0) { $0 + (set.insert($1) ? 1 : 0) })
    },
    Command("SREM", -3) { keyspace, words throws(CommandError) in
        guard let set = try keyspace.members(at: words[1]) else { return .integer(0) }
        let count = words.dropFirst(2).reduce(0) { $0 + (set.remove($1) ? 1 : 0) }
        keyspace.removeIfEmpty(words[1])
        return .integer(count)
    },
    Command("SMEMBERS", 2) { keyspace, words throws(CommandError) in
        .bulks(try keyspace.members(at: words[1])?.members ?? [])
    },
    Command("SCARD", 2) { keyspace, words throws(CommandError) in
        .integer(try keyspace.members(at: words[1])?.members.count ?? 0)
    },
    Command("SISMEMBER", 3) { keyspace, words throws(CommandError) in
        .flag(try keyspace.members(at: words[1])?.contains(words[2]) ?? false)
    },
    Command("SMISMEMBER", -3) { keyspace, words throws(CommandError) in
        let set = try keyspace.members(at: words[1])
        return .array(words.dropFirst(2).map { .flag(set?.contains($0) ?? false) })
    },
    Command("SRANDMEMBER", -2) { keyspace, words throws(CommandError) in
        let set = try keyspace.members(at: words[1])
        guard words.count > 2 else {
            return .optional(set.map { $0.members[keyspace.draw(below: $0.members.count)] })
        }
        let count = try words[2].asInteger()
        guard let members = set?.members else { return .array([]) }
        guard count >= 0 else {
            return .bulks((0..<(-count)).map { _ in members[keyspace.draw(below: members.count)] })
        }
        let first = keyspace.draw(below: members.count)
        return .bulks((0..<min(count, members.count)).map { members[(first + $0) % members.count] })
    },
    Command("SPOP", 2) { keyspace, words throws(CommandError) in
        guard let set = try keyspace.members(at: words[1]) else { return .null }
        let member = set.members[keyspace.draw(below: set.members.count)]
        _ = set.remove(member)
        keyspace.removeIfEmpty(words[1])
        return .bulk(member)
    },
]
