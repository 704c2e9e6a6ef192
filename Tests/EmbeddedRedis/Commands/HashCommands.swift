/// Commands about hashes.
let hashCommands = [
    Command("HSET", -4) { keyspace, words throws(CommandError) in
        guard words.count.isMultiple(of: 2) else { throw .arity("hset") }
        let hash = try keyspace.hashToWrite(at: words[1])
        var count = 0
        for index in stride(from: 2, to: words.count, by: 2) where hash.set(words[index], words[index + 1]) {
            count += 1
        }
        return .integer(count)
    },
    Command("HMSET", -4) { keyspace, words throws(CommandError) in
        guard words.count.isMultiple(of: 2) else { throw .arity("hmset") }
        let hash = try keyspace.hashToWrite(at: words[1])
        for index in stride(from: 2, to: words.count, by: 2) { _ = hash.set(words[index], words[index + 1]) }
        return .ok
    },
    Command("HSETNX", 4) { keyspace, words throws(CommandError) in
        if try keyspace.hash(at: words[1])?[words[2]] != nil { return .integer(0) }
        return .flag(try keyspace.hashToWrite(at: words[1]).set(words[2], words[3]))
    },
    Command("HGET", 3) { keyspace, words throws(CommandError) in .optional(try keyspace.hash(at: words[1])?[words[2]])
    },
    Command("HMGET", -3) { keyspace, words throws(CommandError) in
        let hash = try keyspace.hash(at: words[1])
        return .array(words.dropFirst(2).map { .optional(hash?[$0]) })
    },
    Command("HGETALL", 2) { keyspace, words throws(CommandError) in
        guard let hash = try keyspace.hash(at: words[1]) else { return .array([]) }
        return .array(zip(hash.fields, hash.values).flatMap { [.bulk($0), .bulk($1)] })
    },
    Command("HKEYS", 2) { keyspace, words throws(CommandError) in
        .bulks(try keyspace.hash(at: words[1])?.fields ?? [])
    },
    Command("HVALS", 2) { keyspace, words throws(CommandError) in
        .bulks(try keyspace.hash(at: words[1])?.values ?? [])
    },
    Command("HRANDFIELD", 2) { keyspace, words throws(CommandError) in
        .optional(try keyspace.hash(at: words[1]).map { $0.fields[keyspace.draw(below: $0.count)] })
    },
    Command("HLEN", 2) { keyspace, words throws(CommandError) in .integer(try keyspace.hash(at: words[1])?.count ?? 0)
    },
    Command("HEXISTS", 3) { keyspace, words throws(CommandError) in
        .flag(try keyspace.hash(at: words[1])?[words[2]] != nil)
    },
    Command("HSTRLEN", 3) { keyspace, words throws(CommandError) in
        .integer(try keyspace.hash(at: words[1])?[words[2]]?.count ?? 0)
    },
    Command("HDEL", -3) { keyspace, words throws(CommandError) in
        guard let hash = try keyspace.hash(at: words[1]) else { return .integer(0) }
        let count = words.dropFirst(2).reduce(0) { $0 + (hash.remove($1) ? 1 : 0) }
        keyspace.removeIfEmpty(words[1])
        return .integer(count)
    },
    Command("HINCRBY", 4) { keyspace, words throws(CommandError) in
        let amount = try words[3].asInteger()
        let old = try keyspace.hash(at: words[1])?[words[2]]
        guard let number = old.map(\.integer) ?? 0 else { throw CommandError("ERR hash value is not an integer") }
        let (sum, overflows) = number.addingReportingOverflow(amount)
        guard !overflows else { throw .overflow }
        _ = try keyspace.hashToWrite(at: words[1]).set(words[2], Bytes(sum))
        return .integer(sum)
    },
]

extension Keyspace {
    fileprivate func hashToWrite(at key: Bytes) throws(CommandError) -> HashValue {
        if let hash = try hash(at: key) { return hash }
        let hash = HashValue()
        set(key, .hash(hash))
        return hash
    }
}
