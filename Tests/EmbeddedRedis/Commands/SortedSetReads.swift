import CLua

/// Commands that read sorted sets.
let sortedSetReads = [
    Command("ZCARD", 2) { keyspace, words throws(CommandError) in
        .integer(try keyspace.sortedSet(at: words[1])?.count ?? 0)
    },
    Command("ZSCORE", 3) { keyspace, words throws(CommandError) in
        .optional(try keyspace.sortedSet(at: words[1])?.score(of: words[2]).map(Bytes.init(score:)))
    },
    Command("ZMSCORE", -3) { keyspace, words throws(CommandError) in
        let set = try keyspace.sortedSet(at: words[1])
        return .array(words.dropFirst(2).map { .optional(set?.score(of: $0).map(Bytes.init(score:))) })
    },
    Command("ZRANK", 3) { keyspace, words throws(CommandError) in
        try keyspace.sortedSet(at: words[1])?.rank(of: words[2]).map(Reply.integer) ?? .null
    },
    Command("ZREVRANK", 3) { keyspace, words throws(CommandError) in
        guard let set = try keyspace.sortedSet(at: words[1]), let rank = set.rank(of: words[2]) else { return .null }
        return .integer(set.count - 1 - rank)
    },
    Command("ZCOUNT", 4) { keyspace, words throws(CommandError) in
        let (least, most) = (try SortedSet.Bound(words[2]), try SortedSet.Bound(words[3]))
        return .integer(try keyspace.sortedSet(at: words[1])?.elements(from: least, to: most).count ?? 0)
    },
    Command("ZRANGE", -4) { keyspace, words throws(CommandError) in
        var query = SortedRange(isReversed: false)
        try query.read(words, mayChange: true)
        return try keyspace.range(words, query)
    },
    // All members at once, as Redis does with a small set.
    Command("ZSCAN", -3) { keyspace, words throws(CommandError) in
        let all = [Bytes("ZRANGE"), words[1], Bytes("0"), Bytes("-1"), Bytes("WITHSCORES")]
        var query = SortedRange(isReversed: false)
        try query.read(all, mayChange: true)
        return .array([.bulk(Bytes("0")), try keyspace.range(all, query)])
    },
    Command("ZREVRANGE", -4) { keyspace, words throws(CommandError) in
        var query = SortedRange(isReversed: true)
        try query.read(words, mayChange: false)
        return try keyspace.range(words, query)
    },
    Command("ZRANGEBYSCORE", -4) { keyspace, words throws(CommandError) in
        var query = SortedRange(isByScore: true, isReversed: false)
        try query.read(words, mayChange: false)
        return try keyspace.range(words, query)
    },
    Command("ZREVRANGEBYSCORE", -4) { keyspace, words throws(CommandError) in
        var query = SortedRange(isByScore: true, isReversed: true)
        try query.read(words, mayChange: false)
        return try keyspace.range(words, query)
    },
    Command("ZRANGEBYLEX", -4) { keyspace, words throws(CommandError) in
        try keyspace.lexicalRange(words, from: words[2], to: words[3], isReversed: false)
    },
    Command("ZLEXCOUNT", 4) { keyspace, words throws(CommandError) in
        .integer(try keyspace.lexicalMembers(words, from: words[2], to: words[3]).count)
    },
    Command("ZREVRANGEBYLEX", -4) { keyspace, words throws(CommandError) in
        try keyspace.lexicalRange(words, from: words[3], to: words[2], isReversed: true)
    },
]

/// What a range of a sorted set is asked for by.
private struct SortedRange {
    var isByScore = false
    var isReversed: Bool
    var withScores = false
    var limit: (offset: Int, count: Int)?

    mutating func read(_ words: [Bytes], mayChange: Bool) throws(CommandError) {
        var options = Options(words, from: 4)
        while let option = options.name() {
            switch option {
            case "WITHSCORES": withScores = true
            case "LIMIT" where options.count > 1: limit = (try options.integer(), try options.integer())
            case "BYSCORE" where mayChange: isByScore = true
            case "REV" where mayChange: isReversed = true
            default: throw .syntax
            }
        }
        if limit != nil, !isByScore {
            throw CommandError(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
            )
        }
    }
}

extension Keyspace {
    fileprivate func range(_ words: [Bytes], _ query: SortedRange) throws(CommandError) -> Reply {
        var found: [SortedSet.Element]
        if query.isByScore {
            let (first, second) = (try SortedSet.Bound(words[2]), try SortedSet.Bound(words[3]))
            let (least, most) = query.isReversed ? (second, first) : (first, second)
            found = try sortedSet(at: words[1]).map { Array($0.elements(from: least, to: most)) } ?? []
            if query.isReversed { found.reverse() }
            if let (offset, count) = query.limit {
                found = offset < 0 ? [] : Array(found.dropFirst(offset))
                if count >= 0 { found = Array(found.prefix(count)) }
            }
        } else {
            let (start, stop) = (try words[2].asInteger(), try words[3].asInteger())
            found = try sortedSet(at: words[1])?.elements ?? []
            if query.isReversed { found.reverse() }
            found = Array(found[ListValue.range(start, stop, of: found.count)])
        }
        guard query.withScores else { return .bulks(found.map(\.member)) }
        return .array(found.flatMap { [.bulk($0.member), .bulk(Bytes(score: $0.score))] })
    }
}

extension Bytes {
    /// A score as Redis writes it.
    init(score: Double) {
        if score == score.rounded(), abs(score) < 1e15 {
            self.init(score == 0 && score.sign == .minus ? "-0" : String(Int(score)))
        } else {
            self.init(formatted: score)
        }
    }

    /// A number with 17 digits.
    init(formatted number: Double) {
        guard number.isFinite else {
            self.init(number.isNaN ? "nan" : number < 0 ? "-inf" : "inf")
            return
        }
        let buffer = unsafe [UInt8](unsafeUninitializedCapacity: 40) { buffer, count in
            unsafe buffer.withMemoryRebound(to: CChar.self) { characters in
                count = unsafe Int(hvc_format_double(characters.baseAddress, 40, number))
            }
        }
        self.init(buffer)
    }
}
