/// Elements that may be idle, with the idle ones in the order in which they became idle.
///
/// Each change takes constant time.
struct IdleOrder<Element: Sendable>: Sendable {
    /// The place of a thing from its insertion to its removal.
    typealias Slot = Int

    private struct Entry: Sendable {
        var element: Element?
        var isIdle = false
        var before: Slot?
        var after: Slot?
    }

    private var entries: [Entry] = []
    private var free: [Slot] = []
    private var oldest: Slot?
    private var newest: Slot?

    /// Adds a thing, which is idle.
    ///
    /// - Returns: its place.
    mutating func insert(_ element: Element) -> Slot {
        let slot: Slot
        if let last = free.popLast() {
            slot = last
            entries[slot] = Entry(element: element)
        } else {
            slot = entries.count
            entries.append(Entry(element: element))
        }
        setIdle(slot)
        return slot
    }

    mutating func remove(_ slot: Slot) {
        setBusy(slot)
        entries[slot].element = nil
        free.append(slot)
    }

    /// Makes a thing the newest of the idle ones, unless it is among them.
    mutating func setIdle(_ slot: Slot) {
        guard !entries[slot].isIdle else { return }
        entries[slot].isIdle = true
        entries[slot].before = newest
        entries[slot].after = nil
        if let newest { entries[newest].after = slot } else { oldest = slot }
        newest = slot
    }

    mutating func setBusy(_ slot: Slot) {
        guard entries[slot].isIdle else { return }
        let (before, after) = (entries[slot].before, entries[slot].after)
        if let before { entries[before].after = after } else { oldest = after }
        if let after { entries[after].before = before } else { newest = before }
        entries[slot].isIdle = false
    }

    /// Takes the one that has been idle for longest out of the idle ones.
    mutating func popOldest() -> Element? {
        guard let slot = oldest else { return nil }
        setBusy(slot)
        return entries[slot].element
    }
}
