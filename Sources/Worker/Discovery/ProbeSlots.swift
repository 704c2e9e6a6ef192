/// How many probes a worker runs at once; pure.
///
/// PMs that did not answer last time have a quarter of the slots and no more: each of their probes may take as long as the
/// timeouts allow, and must not delay those of PMs that answer.
struct ProbeSlots: Hashable, Sendable {
    /// All slots.
    let limit: Int
    private var usual = 0
    private var down = 0

    /// Free slots.
    ///
    /// - Parameter limit: how many there are, 1 or more.
    init(limit: Int) {
        self.limit = max(1, limit)
    }

    /// How many probes may begin now.
    var free: Int { max(0, limit - usual - down) }

    /// How many probes of PMs that answered last time, or were never probed, may begin now.
    var freeForUsual: Int { min(free, max(1, limit - shareOfDown) - usual) }

    /// How many probes of PMs that did not answer last time may begin now.
    var freeForDown: Int { min(free, shareOfDown - down) }

    private var shareOfDown: Int { max(1, limit / 4) }

    /// A probe begins.
    mutating func enter(isDown: Bool) {
        if isDown { down += 1 } else { usual += 1 }
    }

    /// A probe has ended.
    mutating func leave(isDown: Bool) {
        if isDown { down -= 1 } else { usual -= 1 }
    }
}
