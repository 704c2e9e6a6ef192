/// What was read of each of many things, of which only some are read anew each time; pure.
///
/// New and changed things are read at once. Of the others those are read that were read longest ago, a fixed number each
/// time, so that a round costs the same however many things there are, and what nobody reports is found some rounds later.
struct ReadingCache<Key: Hashable & Sendable, Stamp: Equatable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        let stamp: Stamp
        let value: Value
        let round: Int
    }

    /// How many things that seem unchanged are read anew each round.
    let rereads: Int
    private var entries: [Key: Entry] = [:]
    private var round = 0

    init(rereads: Int) {
        self.rereads = rereads
    }

    /// Begins a round: what is not there any more is forgotten.
    ///
    /// - Parameter current: what there is, each with what shows a change.
    /// - Returns: what to read now.
    mutating func beginRound(_ current: [Key: Stamp]) -> Set<Key> {
        round += 1
        entries = entries.filter { key, entry in current[key] == entry.stamp }
        let oldest = entries.sorted { $0.value.round < $1.value.round }.prefix(rereads).map(\.key)
        return Set(current.keys.filter { entries[$0] == nil }).union(oldest)
    }

    /// Keeps what was read.
    mutating func keep(_ value: Value, of key: Key, stamp: Stamp) {
        entries[key] = Entry(stamp: stamp, value: value, round: round)
    }

    /// What was read last.
    subscript(key: Key) -> Value? { entries[key]?.value }

    /// Has a thing read in the next round, since something happened to it.
    mutating func forget(_ key: Key) { entries[key] = nil }

    /// Has all things read in the next round.
    mutating func forgetAll() { entries = [:] }
}
