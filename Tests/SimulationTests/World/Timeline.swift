/// What is to happen, by virtual time in ms; what is due at the same time happens in the order in which it was set.
struct Timeline<Event> {
    private struct Entry {
        let time: Int
        let number: Int
        let event: Event

        func precedes(_ other: Entry) -> Bool { (time, number) < (other.time, other.number) }
    }

    /// A binary heap, the next entry first.
    private var entries: [Entry] = []
    private var count = 0

    mutating func add(_ event: Event, at time: Int) {
        count += 1
        entries.append(Entry(time: time, number: count, event: event))
        var child = entries.count - 1
        while child > 0, entries[child].precedes(entries[(child - 1) / 2]) {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes the next event; nil where nothing is to happen any more.
    mutating func next() -> (time: Int, event: Event)? {
        guard let last = entries.popLast() else { return nil }
        guard let first = entries.first else { return (last.time, last.event) }
        entries[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
                if entries[child].precedes(entries[least]) { least = child }
            }
            guard least != parent else { break }
            entries.swapAt(parent, least)
            parent = least
        }
        return (first.time, first.event)
    }
}
