/// Commands about lists.
let listCommands = [
    Command("LPUSH", -3) { keyspace, words throws(CommandError) in try keyspace.push(words, .head) },
    Command("RPUSH", -3) { keyspace, words throws(CommandError) in try keyspace.push(words, .tail) },
    Command("LPUSHX", -3) { keyspace, words throws(CommandError) in
        try keyspace.list(at: words[1]) == nil ? .integer(0) : try keyspace.push(words, .head)
    },
    Command("RPUSHX", -3) { keyspace, words throws(CommandError) in
        try keyspace.list(at: words[1]) == nil ? .integer(0) : try keyspace.push(words, .tail)
    },
    Command("LPOP", -2) { keyspace, words throws(CommandError) in try keyspace.pop(words, .head) },
    Command("RPOP", -2) { keyspace, words throws(CommandError) in try keyspace.pop(words, .tail) },
    Command("BLPOP", -3) { keyspace, words throws(CommandError) in try keyspace.popFirst(words, .head) },
    Command("BRPOP", -3) { keyspace, words throws(CommandError) in try keyspace.popFirst(words, .tail) },
    Command("LLEN", 2) { keyspace, words throws(CommandError) in
        .integer(try keyspace.list(at: words[1])?.elements.count ?? 0)
    },
    Command("LRANGE", 4) { keyspace, words throws(CommandError) in
        let (start, stop) = (try words[2].asInteger(), try words[3].asInteger())
        guard let elements = try keyspace.list(at: words[1])?.elements else { return .array([]) }
        return .bulks(Array(elements[ListValue.range(start, stop, of: elements.count)]))
    },
    Command("LINDEX", 3) { keyspace, words throws(CommandError) in
        guard let elements = try keyspace.list(at: words[1])?.elements else { return .null }
        let number = try words[2].asInteger()
        let index = number < 0 ? elements.count + number : number
        return elements.indices.contains(index) ? .bulk(elements[index]) : .null
    },
    Command("LSET", 4) { keyspace, words throws(CommandError) in
        guard let list = try keyspace.list(at: words[1]) else { throw .noSuchKey }
        let number = try words[2].asInteger()
        let index = number < 0 ? list.elements.count + number : number
        guard list.elements.indices.contains(index) else { throw CommandError("ERR index out of range") }
        list.elements[index] = words[3]
        return .ok
    },
    Command("LTRIM", 4) { keyspace, words throws(CommandError) in
        let (start, stop) = (try words[2].asInteger(), try words[3].asInteger())
        guard let list = try keyspace.list(at: words[1]) else { return .ok }
        list.elements = Array(list.elements[ListValue.range(start, stop, of: list.elements.count)])
        keyspace.removeIfEmpty(words[1])
        return .ok
    },
    Command("LREM", 4) { keyspace, words throws(CommandError) in
        let count = try words[2].asInteger()
        guard let list = try keyspace.list(at: words[1]) else { return .integer(0) }
        let found = list.elements.indices.filter { list.elements[$0] == words[3] }
        let number = count == 0 ? found.count : min(found.count, Int(clamping: count.magnitude))
        let gone = count < 0 ? found.suffix(number) : found.prefix(number)
        for index in gone.reversed() { list.elements.remove(at: index) }
        keyspace.removeIfEmpty(words[1])
        return .integer(gone.count)
    },
    Command("LINSERT", 5) { keyspace, words throws(CommandError) in
        let place = words[2].uppercased
        guard place == "BEFORE" || place == "AFTER" else { throw .syntax }
        guard let list = try keyspace.list(at: words[1]) else { return .integer(0) }
        guard let index = list.elements.firstIndex(of: words[3]) else { return .integer(-1) }
        list.elements.insert(words[4], at: place == "AFTER" ? index + 1 : index)
        return .integer(list.elements.count)
    },
    Command("LPOS", -3) { keyspace, words throws(CommandError) in try keyspace.positions(words) },
    Command("RPOPLPUSH", 3) { keyspace, words throws(CommandError) in
        try keyspace.move(from: words[1], .tail, to: words[2], .head)
    },
    Command("LMOVE", 5) { keyspace, words throws(CommandError) in
        try keyspace.move(from: words[1], try ListEnd(words[3]), to: words[2], try ListEnd(words[4]))
    },
]

private enum ListEnd {
    case head
    case tail

    init(_ word: Bytes) throws(CommandError) {
        switch word.uppercased {
        case "LEFT": self = .head
        case "RIGHT": self = .tail
        default: throw .syntax
        }
    }
}

extension Keyspace {
    private func listToWrite(at key: Bytes) throws(CommandError) -> ListValue {
        if let list = try list(at: key) { return list }
        let list = ListValue()
        set(key, .list(list))
        return list
    }

    fileprivate func push(_ words: [Bytes], _ end: ListEnd) throws(CommandError) -> Reply {
        let list = try listToWrite(at: words[1])
        switch end {
        case .head: list.elements.insert(contentsOf: words.dropFirst(2).reversed(), at: 0)
        case .tail: list.elements.append(contentsOf: words.dropFirst(2))
        }
        return .integer(list.elements.count)
    }

    fileprivate func pop(_ words: [Bytes], _ end: ListEnd) throws(CommandError) -> Reply {
        guard words.count <= 3 else { throw .arity(words[0].text) }
        let count = words.count == 3 ? words[2].integer : 1
        guard let count, count >= 0 else { throw CommandError("ERR value is out of range, must be positive") }
        guard let list = try list(at: words[1]) else { return .null }
        let number = min(count, list.elements.count)
        let taken: [Bytes]
        switch end {
        case .head:
            taken = Array(list.elements.prefix(number))
            list.elements.removeFirst(number)
        case .tail:
            taken = list.elements.suffix(number).reversed()
            list.elements.removeLast(number)
        }
        removeIfEmpty(words[1])
        return words.count == 3 ? .bulks(taken) : .optional(taken.first)
    }

    /// Takes an element of the first of several lists that is there, and says of which.
    fileprivate func popFirst(_ words: [Bytes], _ end: ListEnd) throws(CommandError) -> Reply {
        guard let timeout = words.last.flatMap({ Double($0.text) }) else {
            throw CommandError("ERR timeout is not a float or out of range")
        }
        guard timeout >= 0 else { throw CommandError("ERR timeout is negative") }
        for key in words.dropFirst().dropLast() where try list(at: key) != nil {
            return .array([.bulk(key), try pop([words[0], key], end)])
        }
        return .null
    }

    fileprivate func move(
        from source: Bytes,
        _ end: ListEnd,
        to target: Bytes,
        _ otherEnd: ListEnd
    ) throws(CommandError) -> Reply {
        guard let list = try list(at: source) else { return .null }
        let other = try listToWrite(at: target)
        let element = end == .head ? list.elements.removeFirst() : list.elements.removeLast()
        other.elements.insert(element, at: otherEnd == .head ? 0 : other.elements.count)
        removeIfEmpty(source)
        return .bulk(element)
    }

    fileprivate func positions(_ words: [Bytes]) throws(CommandError) -> Reply {
        var options = Options(words, from: 3)
        var (rank, count, length) = (1, Int?.none, 0)
        while let option = options.name() {
            switch option {
            case "RANK":
                rank = try options.integer()
                guard rank != 0 else { throw Self.noRank }
            case "COUNT":
                guard let number = try options.value().integer, number >= 0 else {
                    throw CommandError("ERR COUNT can't be negative")
                }
                count = number
            case "MAXLEN":
                guard let number = try options.value().integer, number >= 0 else {
                    throw CommandError("ERR MAXLEN can't be negative")
                }
                length = number
            default: throw .syntax
            }
        }
        guard let elements = try list(at: words[1])?.elements else { return count == nil ? .null : .array([]) }
        let order = rank > 0 ? Array(elements.indices) : elements.indices.reversed()
        let looked = length == 0 ? order[...] : order.prefix(length)
        let found = looked.filter { elements[$0] == words[2] }.dropFirst(Int(clamping: rank.magnitude) - 1)
        guard let count else { return found.first.map(Reply.integer) ?? .null }
        return .array((count == 0 ? found : found.prefix(count)).map(Reply.integer))
    }

    private static let noRank = CommandError(
        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start "
            + "from the end of the list"
    )
}
