/// Commands that change sorted sets.
let sortedSetCommands = [
    Command("ZADD", -4) { keyspace, words throws(CommandError) in try keyspace.zadd(words) },
    Command("ZINCRBY", 4) { keyspace, words throws(CommandError) in
        let amount = try words[2].asDouble()
        let old = try keyspace.sortedSet(at: words[1])?.score(of: words[3]) ?? 0
        return .bulk(Bytes(score: try keyspace.give(words[1], [(old + amount, words[3])]).first ?? 0))
    },
    Command("ZREM", -3) { keyspace, words throws(CommandError) in
        guard let set = try keyspace.sortedSet(at: words[1]) else { return .integer(0) }
        let count = words.dropFirst(2).reduce(0) { $0 + (set.remove($1) ? 1 : 0) }
        keyspace.removeIfEmpty(words[1])
        return .integer(count)
    },
    Command("ZREMRANGEBYSCORE", 4) { keyspace, words throws(CommandError) in
        let (least, most) = (try SortedSet.Bound(words[2]), try SortedSet.Bound(words[3]))
        guard let set = try keyspace.sortedSet(at: words[1]) else { return .integer(0) }
        return keyspace.remove(Array(set.elements(from: least, to: most)), from: set, at: words[1])
    },
    Command("ZREMRANGEBYRANK", 4) { keyspace, words throws(CommandError) in
        let (start, stop) = (try words[2].asInteger(), try words[3].asInteger())
        guard let set = try keyspace.sortedSet(at: words[1]) else { return .integer(0) }
        let gone = Array(set.elements[ListValue.range(start, stop, of: set.count)])
        return keyspace.remove(gone, from: set, at: words[1])
    },
    Command("ZPOPMIN", -2) { keyspace, words throws(CommandError) in try keyspace.popSorted(words, fromEnd: false) },
    Command("ZPOPMAX", -2) { keyspace, words throws(CommandError) in try keyspace.popSorted(words, fromEnd: true) },
]

extension SortedSet.Bound {
    /// `5`, `(5`, `-inf`, `+inf`.
    init(_ word: Bytes) throws(CommandError) {
        isExclusive = word.storage.first == UInt8(ascii: "(")
        guard let score = (isExclusive ? Bytes(Array(word.storage.dropFirst())) : word).double else {
            throw CommandError("ERR min or max is not a float")
        }
        self.score = score
    }
}

extension Keyspace {
    /// Gives members scores; returns the scores.
    fileprivate func give(_ key: Bytes, _ elements: [(score: Double, member: Bytes)]) throws(CommandError) -> [Double] {
        let old = try sortedSet(at: key)
        guard !elements.contains(where: \.score.isNaN) else {
            throw CommandError("ERR resulting score is not a number (NaN)")
        }
        let set = old ?? SortedSet()
        for element in elements { _ = set.set(element.member, element.score) }
        if old == nil, set.count > 0 { self.set(key, .sortedSet(set)) }
        return elements.map(\.score)
    }

    fileprivate func zadd(_ words: [Bytes]) throws(CommandError) -> Reply {
        var options = Options(words, from: 2)
        let names: [Bytes] = ["NX", "XX", "GT", "LT", "CH", "INCR"]
        var flags: Set<Bytes> = []
        while let name = names.first(where: { options.skip($0) }) { flags.insert(name) }
        let pairs = Array(options.rest)
        guard !pairs.isEmpty, pairs.count.isMultiple(of: 2) else { throw .syntax }
        guard !flags.isSuperset(of: ["NX", "XX"]) else {
            throw CommandError("ERR XX and NX options at the same time are not compatible")
        }
        guard flags.intersection(["NX", "GT", "LT"]).count < 2 else {
            throw CommandError("ERR GT, LT, and/or NX options at the same time are not compatible")
        }
        guard !flags.contains("INCR") || pairs.count == 2 else {
            throw CommandError("ERR INCR option supports a single increment-element pair")
        }
        var scores: [Double] = []
        for index in stride(from: 0, to: pairs.count, by: 2) { scores.append(try pairs[index].asDouble()) }
        _ = try sortedSet(at: words[1])
        var (added, changed) = (0, 0)
        for (number, score) in scores.enumerated() {
            let member = pairs[2 * number + 1]
            let old = try sortedSet(at: words[1])?.score(of: member)
            let new = flags.contains("INCR") ? (old ?? 0) + score : score
            let isRefused =
                flags.contains("NX") && old != nil || flags.contains("XX") && old == nil
                || flags.contains("GT") && new <= old ?? -.infinity && old != nil
                || flags.contains("LT") && new >= old ?? .infinity && old != nil
            if isRefused {
                if flags.contains("INCR") { return .null }
                continue
            }
            _ = try give(words[1], [(new, member)])
            if old == nil { added += 1 } else if old != new { changed += 1 }
            if flags.contains("INCR") { return .bulk(Bytes(score: new)) }
        }
        return .integer(flags.contains("CH") ? added + changed : added)
    }

    fileprivate func remove(_ elements: [SortedSet.Element], from set: SortedSet, at key: Bytes) -> Reply {
        for element in elements { _ = set.remove(element.member) }
        removeIfEmpty(key)
        return .integer(elements.count)
    }

    fileprivate func popSorted(_ words: [Bytes], fromEnd: Bool) throws(CommandError) -> Reply {
        guard words.count <= 3 else { throw .syntax }
        let count = words.count == 3 ? words[2].integer : 1
        guard let count, count >= 0 else { throw CommandError("ERR value is out of range, must be positive") }
        guard let set = try sortedSet(at: words[1]) else { return .array([]) }
        let taken = Array(fromEnd ? set.elements.suffix(count).reversed() : Array(set.elements.prefix(count)))
        _ = remove(taken, from: set, at: words[1])
        return .array(taken.flatMap { [.bulk($0.member), .bulk(Bytes(score: $0.score))] })
    }
}
