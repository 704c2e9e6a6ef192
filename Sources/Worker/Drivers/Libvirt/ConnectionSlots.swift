import NIOConcurrencyHelpers

/// How many connections to libvirt the process may have open, over all PMs.
final class ConnectionSlots: Sendable {
    /// The right to one connection; given back with its last reference.
    final class Slot: Sendable {
        private let slots: ConnectionSlots

        fileprivate init(of slots: ConnectionSlots) {
            self.slots = slots
        }

        deinit { slots.taken.withLockedValue { $0 -= 1 } }
    }

    /// The most connections at once.
    let limit: Int
    /// What a caller without a slot is told to do.
    let fullText: String
    private let taken = NIOLockedValueBox(0)

    /// Makes slots, all of them free.
    ///
    /// - Parameters:
    ///   - limit: the most connections at once.
    ///   - fullText: what a caller without a slot is told to do.
    init(limit: Int = .max, fullText: String = "all connections are in use") {
        self.limit = limit
        self.fullText = fullText
    }

    /// Takes a slot, as soon as there is one.
    ///
    /// - Parameter deadline: how long to wait.
    /// - Returns: nil where none became free, or the task was cancelled.
    func take(within deadline: Duration) async -> Slot? {
        let end = ContinuousClock.now + deadline
        while true {
            let isFree = taken.withLockedValue { count in
                guard count < limit else { return false }
                count += 1
                return true
            }
            if isFree { return Slot(of: self) }
            guard ContinuousClock.now < end, (try? await Task.sleep(for: .milliseconds(50))) != nil else { return nil }
        }
    }
}
