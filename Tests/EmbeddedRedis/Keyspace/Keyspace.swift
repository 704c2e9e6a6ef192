/// All keys with what stands under them, in the time that somebody sets.
final class Keyspace {
    private struct Entry {
        var value: Value
        /// In ms since 1970; nil where it stays.
        var expiry: Int?
    }

    private var entries: [Bytes: Entry] = [:]
    /// In µs since 1970.
    var time = 0
    /// The keys that commands were to write, until somebody takes them.
    var changed: Set<Bytes> = []
    /// The keys that commands asked for, where somebody wants them.
    var touched: Set<Bytes>?
    /// Draws what commands such as SRANDMEMBER choose; the same numbers in each keyspace.
    private var draws: UInt64 = 0

    /// The time in ms since 1970.
    var milliseconds: Int { time / 1000 }

    /// What stands under a key, unless its time is over.
    func value(at key: Bytes) -> Value? {
        touched?.insert(key)
        guard let entry = entries[key] else { return nil }
        if let expiry = entry.expiry, milliseconds > expiry {
            entries[key] = nil
            return nil
        }
        return entry.value
    }

    /// Puts a value under a key; what stood there goes, with its time.
    func set(_ key: Bytes, _ value: Value, expiry: Int? = nil) {
        entries[key] = Entry(value: value, expiry: expiry)
    }

    func remove(_ key: Bytes) -> Bool {
        guard value(at: key) != nil else { return false }
        entries[key] = nil
        return true
    }

    func removeAll() {
        entries = [:]
    }

    /// A collection without elements is no key.
    func removeIfEmpty(_ key: Bytes) {
        if entries[key]?.value.isEmpty ?? false { entries[key] = nil }
    }

    /// The keys that there are, in order.
    var keys: [Bytes] { entries.keys.filter { value(at: $0) != nil }.sorted() }

    // MARK: - Time

    func expiry(of key: Bytes) -> Int? { value(at: key) == nil ? nil : entries[key]?.expiry }

    /// Has a key end at a time; a time that is over ends it now.
    func expire(_ key: Bytes, at expiry: Int?) {
        if let expiry, expiry <= milliseconds { entries[key] = nil } else { entries[key]?.expiry = expiry }
    }

    /// A number below a count.
    func draw(below count: Int) -> Int {
        draws = draws &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((draws >> 33) % UInt64(count))
    }

    // MARK: - Collections

    func hash(at key: Bytes) throws(CommandError) -> HashValue? {
        switch value(at: key) {
        case nil: return nil
        case .hash(let hash): return hash
        default: throw .wrongType
        }
    }

    func list(at key: Bytes) throws(CommandError) -> ListValue? {
        switch value(at: key) {
        case nil: return nil
        case .list(let list): return list
        default: throw .wrongType
        }
    }

    func members(at key: Bytes) throws(CommandError) -> SetValue? {
        switch value(at: key) {
        case nil: return nil
        case .set(let set): return set
        default: throw .wrongType
        }
    }

    func sortedSet(at key: Bytes) throws(CommandError) -> SortedSet? {
        switch value(at: key) {
        case nil: return nil
        case .sortedSet(let set): return set
        default: throw .wrongType
        }
    }

    func stream(at key: Bytes) throws(CommandError) -> Stream? {
        switch value(at: key) {
        case nil: return nil
        case .stream(let stream): return stream
        default: throw .wrongType
        }
    }

    func string(at key: Bytes) throws(CommandError) -> Bytes? {
        switch value(at: key) {
        case nil: return nil
        case .string(let bytes): return bytes
        default: throw .wrongType
        }
    }
}
