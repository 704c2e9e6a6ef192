import NIOConcurrencyHelpers

/// How many connections to libvirt the process may have open, over all PMs; first come, first served.
final class ConnectionSlots: Sendable {
    /// The right to one connection; given back with its last reference.
    final class Slot: Sendable {
        private let slots: ConnectionSlots

        fileprivate init(of slots: ConnectionSlots) {
            self.slots = slots
        }

        deinit { slots.giveBack() }
    }

    private struct State {
        var taken = 0
        var queue: [Waiters<Slot>.Ticket] = []
    }

    /// The most connections at once.
    let limit: Int
    /// Advice for a caller that finds no free slot.
    let fullText: String
    private let state = NIOLockedValueBox(State())
    private let waiters = Waiters<Slot>()
    private let makeRoom = NIOLockedValueBox<@Sendable () -> Void>({})

    /// Makes slots, all of them free.
    ///
    /// - Parameters:
    ///   - limit: the most connections at once.
    ///   - fullText: advice for a caller that finds no free slot.
    init(limit: Int = .max, fullText: String = "all connections are in use") {
        self.limit = limit
        self.fullText = fullText
    }

    /// Sets what is called when somebody has to wait for a slot, to give back what is not needed.
    func whenFull(_ makeRoom: @escaping @Sendable () -> Void) {
        self.makeRoom.withLockedValue { $0 = makeRoom }
    }

    /// Takes a slot, as soon as there is one.
    ///
    /// - Parameter deadline: how long to wait.
    /// - Returns: nil where none became free, or the task was cancelled.
    func take(within deadline: Duration) async -> Slot? {
        if takeFree(orQueue: nil) { return Slot(of: self) }
        guard deadline > .zero else { return nil }
        makeRoom.withLockedValue { $0 }()
        return await waiters.wait(atMost: deadline) { ticket in
            // One may have come back just before.
            guard takeFree(orQueue: ticket) else { return }
            if !waiters.serve(ticket, { Slot(of: self) }) { giveBack() }
        } leave: { [state] ticket in
            state.withLockedValue { $0.queue.removeAll { $0 == ticket } }
        }
    }

    private func takeFree(orQueue ticket: Waiters<Slot>.Ticket?) -> Bool {
        state.withLockedValue { state in
            guard state.taken < limit else {
                if let ticket { state.queue.append(ticket) }
                return false
            }
            state.taken += 1
            return true
        }
    }

    private func giveBack() {
        while true {
            let next: Waiters<Slot>.Ticket? = state.withLockedValue { state in
                guard !state.queue.isEmpty else {
                    state.taken -= 1
                    return nil
                }
                return state.queue.removeFirst()
            }
            guard let next else { return }
            if waiters.serve(next, { Slot(of: self) }) { return }
        }
    }
}
