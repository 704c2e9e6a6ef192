/// Commands about keys, whatever stands there.
let keyCommands = [
    Command("DEL", -2) { keyspace, words in
        .integer(words.dropFirst().reduce(0) { $0 + (keyspace.remove($1) ? 1 : 0) })
    },
    Command("UNLINK", -2) { keyspace, words in
        .integer(words.dropFirst().reduce(0) { $0 + (keyspace.remove($1) ? 1 : 0) })
    },
    Command("EXISTS", -2) { keyspace, words in
        .integer(words.dropFirst().reduce(0) { $0 + (keyspace.value(at: $1) != nil ? 1 : 0) })
    },
    Command("TYPE", 2) { keyspace, words in .status(keyspace.value(at: words[1])?.typeName ?? "none") },
    Command("KEYS", 2) { keyspace, words in
        .bulks(keyspace.keys.filter { Pattern(words[1]).matches($0) })
    },
    Command("SCAN", -2) { keyspace, words throws(CommandError) in try keyspace.scan(words) },
    Command("DBSIZE", 1) { keyspace, _ in .integer(keyspace.keys.count) },
    Command("EXPIRE", -3) { keyspace, words throws(CommandError) in
        try keyspace.expire(words, unit: 1000, isAbsolute: false)
    },
    Command("PEXPIRE", -3) { keyspace, words throws(CommandError) in
        try keyspace.expire(words, unit: 1, isAbsolute: false)
    },
    Command("EXPIREAT", -3) { keyspace, words throws(CommandError) in
        try keyspace.expire(words, unit: 1000, isAbsolute: true)
    },
    Command("PEXPIREAT", -3) { keyspace, words throws(CommandError) in
        try keyspace.expire(words, unit: 1, isAbsolute: true)
    },
    Command("PERSIST", 2) { keyspace, words in
        guard keyspace.expiry(of: words[1]) != nil else { return .integer(0) }
        keyspace.expire(words[1], at: nil)
        return .integer(1)
    },
    Command("TTL", 2) { keyspace, words in keyspace.timeToLive(words[1]) { ($0 + 500) / 1000 } },
    Command("PTTL", 2) { keyspace, words in keyspace.timeToLive(words[1]) { $0 } },
    Command("PEXPIRETIME", 2) { keyspace, words in
        guard keyspace.value(at: words[1]) != nil else { return .integer(-2) }
        return .integer(keyspace.expiry(of: words[1]) ?? -1)
    },
    Command("RENAME", 3) { keyspace, words throws(CommandError) in
        guard let value = keyspace.value(at: words[1]) else { throw .noSuchKey }
        let expiry = keyspace.expiry(of: words[1])
        _ = keyspace.remove(words[1])
        keyspace.set(words[2], value, expiry: expiry)
        return .ok
    },
]

extension Keyspace {
    /// All keys at once: Redis may do the same.
    fileprivate func scan(_ words: [Bytes]) throws(CommandError) -> Reply {
        var options = Options(words, from: 2)
        var (pattern, type) = (Pattern("*"), String?.none)
        while let option = options.name() {
            switch option {
            case "MATCH": pattern = Pattern(try options.value())
            case "COUNT": _ = try options.integer()
            case "TYPE": type = try options.value().text
            default: throw .syntax
            }
        }
        let found = keys.filter { pattern.matches($0) && (type == nil || value(at: $0)?.typeName == type) }
        return .array([.bulk("0"), .bulks(found)])
    }

    fileprivate func expire(_ words: [Bytes], unit: Int, isAbsolute: Bool) throws(CommandError) -> Reply {
        let options = Options(words, from: 3)
        var conditions: Set<String> = []
        for word in options.rest {
            let option = word.uppercased.text
            guard ["NX", "XX", "GT", "LT"].contains(option) else {
                throw CommandError("ERR Unsupported option \(word.text)")
            }
            conditions.insert(option)
        }
        let number = try words[2].asInteger()
        let (scaled, overflows) = number.multipliedReportingOverflow(by: unit)
        let (time, isTooLate) = scaled.addingReportingOverflow(isAbsolute ? 0 : milliseconds)
        guard !overflows, !isTooLate else {
            throw CommandError("ERR invalid expire time in '\(words[0].text.lowercased())' command")
        }
        guard value(at: words[1]) != nil else { return .integer(0) }
        let old = expiry(of: words[1])
        let isRefused =
            conditions.contains("NX") && old != nil || conditions.contains("XX") && old == nil
            || conditions.contains("GT") && time <= old ?? .max || conditions.contains("LT") && time >= old ?? .max
        if isRefused { return .integer(0) }
        expire(words[1], at: time)
        return .integer(1)
    }

    fileprivate func timeToLive(_ key: Bytes, _ unit: (Int) -> Int) -> Reply {
        guard value(at: key) != nil else { return .integer(-2) }
        return .integer(expiry(of: key).map { unit(max(0, $0 - milliseconds)) } ?? -1)
    }
}
