/// Commands about strings.
let stringCommands = [
    Command("GET", 2) { keyspace, words throws(CommandError) in .optional(try keyspace.string(at: words[1])) },
    Command("MGET", -2) { keyspace, words in
        .array(
            words.dropFirst().map { key in
                if case .string(let bytes) = keyspace.value(at: key) { .bulk(bytes) } else { .null }
            }
        )
    },
    Command("STRLEN", 2) { keyspace, words throws(CommandError) in
        .integer(try keyspace.string(at: words[1])?.count ?? 0)
    },
    Command("SET", -3) { keyspace, words throws(CommandError) in try keyspace.set(words) },
    Command("SETNX", 3) { keyspace, words in
        guard keyspace.value(at: words[1]) == nil else { return .integer(0) }
        keyspace.set(words[1], .string(words[2]))
        return .integer(1)
    },
    Command("APPEND", 3) { keyspace, words throws(CommandError) in
        let bytes = Bytes((try keyspace.string(at: words[1])?.storage ?? []) + words[2].storage)
        keyspace.set(words[1], .string(bytes), expiry: keyspace.expiry(of: words[1]))
        return .integer(bytes.count)
    },
    Command("INCR", 2) { keyspace, words throws(CommandError) in try keyspace.increment(words[1], by: 1) },
    Command("DECR", 2) { keyspace, words throws(CommandError) in try keyspace.increment(words[1], by: -1) },
    Command("INCRBY", 3) { keyspace, words throws(CommandError) in
        try keyspace.increment(words[1], by: try words[2].asInteger())
    },
]

extension Keyspace {
    fileprivate func set(_ words: [Bytes]) throws(CommandError) -> Reply {
        var options = Options(words, from: 3)
        var (span, keepsTime) = ((unit: String, number: Bytes)?.none, false)
        var (condition, answersOld) = (String?.none, false)
        while let option = options.name() {
            switch option {
            case "NX", "XX":
                guard condition ?? option == option else { throw .syntax }
                condition = option
            case "GET": answersOld = true
            case "KEEPTTL" where span == nil: keepsTime = true
            case "EX", "PX", "EXAT", "PXAT":
                guard span == nil, !keepsTime else { throw .syntax }
                span = (option, try options.value())
            default: throw .syntax
            }
        }
        var expiry: Int?
        if let span { expiry = try self.expiry(span.unit, span.number) }
        let old = answersOld ? Reply.optional(try string(at: words[1])) : nil
        if let condition, (value(at: words[1]) == nil) != (condition == "NX") { return old ?? .null }
        set(words[1], .string(words[2]), expiry: keepsTime ? self.expiry(of: words[1]) : expiry)
        if let end = expiry, end <= milliseconds { _ = remove(words[1]) }
        return old ?? .ok
    }

    private func expiry(_ unit: String, _ text: Bytes) throws(CommandError) -> Int {
        let number = try text.asInteger()
        guard number > 0, number < Int.max / 10_000 else {
            throw CommandError("ERR invalid expire time in 'set' command")
        }
        return (unit.hasPrefix("EX") ? 1000 : 1) * number + (unit.hasSuffix("AT") ? 0 : milliseconds)
    }

    fileprivate func increment(_ key: Bytes, by amount: Int) throws(CommandError) -> Reply {
        let old = try string(at: key)?.asInteger() ?? 0
        let (sum, overflows) = old.addingReportingOverflow(amount)
        guard !overflows else { throw .overflow }
        set(key, .string(Bytes(sum)), expiry: expiry(of: key))
        return .integer(sum)
    }
}
