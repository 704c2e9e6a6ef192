/// A stream of entries, the oldest first.
final class Stream {
    struct ID: Hashable, Comparable {
        var milliseconds: UInt64
        var sequence: UInt64

        static let zero = ID(milliseconds: 0, sequence: 0)
        static let largest = ID(milliseconds: .max, sequence: .max)

        static func < (first: ID, second: ID) -> Bool {
            (first.milliseconds, first.sequence) < (second.milliseconds, second.sequence)
        }

        var bytes: Bytes { Bytes("\(milliseconds)-\(sequence)") }
    }

    struct Entry {
        let id: ID
        /// Names and values in turn.
        let fields: [Bytes]
    }

    /// How many entries Redis keeps in a node; a trim that need not be exact takes whole nodes only.
    private static let nodeSize = 100

    private(set) var entries: [Entry] = []
    private(set) var last = ID.zero

    func append(_ entry: Entry) {
        entries.append(entry)
        last = entry.id
    }

    func remove(_ id: ID) -> Bool {
        guard let position = entries.firstIndex(where: { $0.id == id }) else { return false }
        entries.remove(at: position)
        return true
    }

    /// Leaves so many of the newest entries; returns how many went.
    func trim(to count: Int, isExact: Bool) -> Int {
        let surplus = max(0, entries.count - count)
        let number = isExact || count == 0 ? surplus : surplus / Self.nodeSize * Self.nodeSize
        entries.removeFirst(number)
        return number
    }

    /// The entries between two ids, the oldest first.
    func entries(from first: ID, to last: ID) -> ArraySlice<Entry> {
        guard first <= last else { return [] }
        let start = partition { $0.id >= first }
        let end = partition { $0.id > last }
        return entries[start..<end]
    }

    private func partition(where holds: (Entry) -> Bool) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if holds(entries[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
