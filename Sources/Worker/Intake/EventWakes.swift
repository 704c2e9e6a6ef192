import Store

/// Which of the worker's loops an event concerns; pure.
///
/// An idle worker reads each event and asks Redis only where a loop may find work because of it. What an event that is
/// lost would have woken, the loop's own period finds.
struct EventWakes: OptionSet {
    let rawValue: Int

    /// An entry came to the queue, an entry that waits may be decided now, or a place in its VM's order is free.
    static let intake = EventWakes(rawValue: 1)
    /// A PM is due for a probe.
    static let discovery = EventWakes(rawValue: 2)
    /// A job was deferred, and may be due before the next sweep.
    static let sweep = EventWakes(rawValue: 4)
    /// Redis was away, and may have lost what was registered.
    static let catalog = EventWakes(rawValue: 8)

    static let all: EventWakes = [.intake, .discovery, .sweep, .catalog]
}

extension EventWakes {
    /// What a signal of the event stream wakes.
    init(_ signal: EventFeed.Signal) {
        switch signal {
        case .interrupted: self = .all
        case .events(let events): self = events.reduce(into: []) { $0.formUnion(EventWakes(type: $1.type)) }
        }
    }

    /// What an event of a type wakes.
    init(type: String) {
        switch type {
        case "job.delayed": self = .sweep
        case "job.queued", "batch.placed", "fleet.ready", "queue.resumed": self = .intake
        // Room may have been freed: the PM is measured again.
        case "job.finished", "job.dead", "hold.expired": self = [.intake, .discovery]
        // The VM's next job may come to the queue, or the VM is on a PM now.
        case "vm.freed", "vm.moved", "vm.adopted": self = .intake
        // An entry that waits for the PM's first probe, or for its return, may be decided.
        case "pm.state", "pm.changed", "pm.recounted", "pm.alias", "room.freed": self = .intake
        case "pm.due", "pm.unreached": self = .discovery
        case "catalog.changed": self = [.intake, .discovery]
        default: self = []
        }
    }
}
