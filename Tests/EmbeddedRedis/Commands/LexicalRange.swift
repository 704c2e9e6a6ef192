/// An end of a range of members that all have the same score.
private enum LexicalBound {
    case lowest
    case highest
    case member(Bytes, isExclusive: Bool)

    init(_ word: Bytes) throws(CommandError) {
        switch word.storage.first {
        case UInt8(ascii: "-") where word.count == 1: self = .lowest
        case UInt8(ascii: "+") where word.count == 1: self = .highest
        case UInt8(ascii: "["): self = .member(Bytes(Array(word.storage.dropFirst())), isExclusive: false)
        case UInt8(ascii: "("): self = .member(Bytes(Array(word.storage.dropFirst())), isExclusive: true)
        default: throw CommandError("ERR min or max not valid string range item")
        }
    }

    func isBelow(_ other: Bytes) -> Bool {
        switch self {
        case .lowest: true
        case .highest: false
        case .member(let member, let isExclusive): isExclusive ? member < other : !(other < member)
        }
    }

    func isAbove(_ other: Bytes) -> Bool {
        switch self {
        case .lowest: false
        case .highest: true
        case .member(let member, let isExclusive): isExclusive ? other < member : !(member < other)
        }
    }
}

extension Keyspace {
    /// The members between two words, in their order.
    func lexicalMembers(_ words: [Bytes], from: Bytes, to: Bytes) throws(CommandError) -> [Bytes] {
        let (least, most) = (try LexicalBound(from), try LexicalBound(to))
        let members = try sortedSet(at: words[1])?.elements.map(\.member) ?? []
        return members.filter { least.isBelow($0) && most.isAbove($0) }
    }

    /// The members between two words, for ZRANGEBYLEX and its reverse.
    func lexicalRange(_ words: [Bytes], from: Bytes, to: Bytes, isReversed: Bool) throws(CommandError) -> Reply {
        var options = Options(words, from: 4)
        var limit: (offset: Int, count: Int)?
        while let option = options.name() {
            guard option == "LIMIT", options.count > 1 else { throw .syntax }
            limit = (try options.integer(), try options.integer())
        }
        var found = try lexicalMembers(words, from: from, to: to)
        if isReversed { found.reverse() }
        if let (offset, count) = limit {
            found = offset < 0 ? [] : Array(found.dropFirst(offset))
            if count >= 0 { found = Array(found.prefix(count)) }
        }
        return .bulks(found)
    }
}
