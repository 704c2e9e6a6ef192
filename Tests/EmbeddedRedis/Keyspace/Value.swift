/// What stands under a key.
///
/// Collections are objects, so that a command changes them where they are.
enum Value {
    case string(Bytes)
    case list(ListValue)
    case hash(HashValue)
    case set(SetValue)
    case sortedSet(SortedSet)
    case stream(Stream)

    /// As TYPE says it.
    var typeName: String {
        switch self {
        case .string: "string"
        case .list: "list"
        case .hash: "hash"
        case .set: "set"
        case .sortedSet: "zset"
        case .stream: "stream"
        }
    }

    /// True for a collection that Redis would delete by now; a stream stays.
    var isEmpty: Bool {
        switch self {
        case .string, .stream: false
        case .list(let list): list.elements.isEmpty
        case .hash(let hash): hash.count == 0
        case .set(let set): set.members.isEmpty
        case .sortedSet(let set): set.count == 0
        }
    }
}

/// A list, its head first.
final class ListValue {
    var elements: [Bytes] = []

    /// The range of LRANGE and LTRIM: negative positions count from the end, and what is outside is left out.
    static func range(_ start: Int, _ stop: Int, of count: Int) -> Range<Int> {
        let first = max(0, start < 0 ? count + start : start)
        let last = min(count - 1, stop < 0 ? count + stop : stop)
        return first <= last ? first..<last + 1 : 0..<0
    }
}

/// A set; one of whole numbers is kept in their order, as Redis' compact form has it, any other in order of entry.
final class SetValue {
    private(set) var members: [Bytes] = []
    private var known: Set<Bytes> = []
    private var isNumeric = true

    func contains(_ member: Bytes) -> Bool { known.contains(member) }

    func insert(_ member: Bytes) -> Bool {
        guard known.insert(member).inserted else { return false }
        guard isNumeric, let number = member.integer else {
            isNumeric = false
            members.append(member)
            return true
        }
        members.insert(member, at: members.firstIndex { ($0.integer ?? 0) > number } ?? members.count)
        return true
    }

    func remove(_ member: Bytes) -> Bool {
        guard known.remove(member) != nil else { return false }
        members.removeAll { $0 == member }
        return true
    }
}
