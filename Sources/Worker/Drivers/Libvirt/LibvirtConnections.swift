import Libvirt
import Logging
import Model
import NIOConcurrencyHelpers

/// The connections to one PM's libvirt: opened when they are needed, each lent to one caller at a time, closed when idle.
///
/// What is done when is `ConnectionPool`'s to decide; this does it.
final class LibvirtConnections: Sendable {
    /// A connection that is the holder's alone until it ends this, at the latest with the last reference to it.
    ///
    /// A call whose caller gave up keeps it: the connection is of no use to others before libvirt has answered.
    final class Lease: Sendable {
        let connection: Connection
        /// True where the connection was opened for this and not used before, so it cannot have died unnoticed.
        let isFresh: Bool
        fileprivate let id: ConnectionPool.ID
        private let owner: LibvirtConnections
        private let isOver = NIOLockedValueBox(false)

        fileprivate init(of owner: LibvirtConnections, _ id: ConnectionPool.ID, _ lent: Lent) {
            self.owner = owner
            self.id = id
            (connection, isFresh) = (lent.connection, lent.isFresh)
        }

        deinit { end() }

        /// Gives the connection back.
        func end() {
            let isFirst = isOver.withLockedValue { isOver in
                defer { isOver = true }
                return !isOver
            }
            if isFirst { owner.giveBack(id) }
        }
    }

    fileprivate struct Lent {
        let connection: Connection
        let isFresh: Bool
    }

    fileprivate struct State {
        var pool: ConnectionPool
        var connections: [ConnectionPool.ID: Connection] = [:]
    }

    private let uri: String
    private let settings: LibvirtSettings
    private let threads: BlockingThreads
    private let slots: ConnectionSlots
    private let failure: LibvirtFailure
    private let logger: Logger
    private let state: NIOLockedValueBox<State>
    private let waiters = Waiters<Result<Lease, Failure>>()

    /// Makes it; nothing is opened before it is asked for.
    ///
    /// - Parameters:
    ///   - listing: the PM.
    ///   - most: how many connections there may be at once.
    ///   - settings: deadlines and pauses.
    ///   - threads: where blocking calls run.
    ///   - slots: how many connections the process may have.
    ///   - logger: for connections made and lost.
    init(
        listing: PMListing,
        most: Int,
        settings: LibvirtSettings,
        threads: BlockingThreads,
        slots: ConnectionSlots,
        logger: Logger
    ) {
        uri = listing.address.libvirtURI
        self.settings = settings
        self.threads = threads
        self.slots = slots
        failure = LibvirtFailure(listing: listing)
        self.logger = logger
        state = NIOLockedValueBox(State(pool: ConnectionPool(limits: settings.limits(most: most))))
    }

    /// Borrows a connection, when it is the caller's turn.
    ///
    /// - Parameters:
    ///   - doing: what it is for, for the failure's message.
    ///   - deadline: how long to wait for a turn.
    /// - Returns: the connection.
    /// - Throws: `Failure`: why the PM cannot be reached, for a moment without trying again; or that it is busy.
    func lease(_ doing: String, within deadline: Duration) async throws(Failure) -> Lease {
        let idle: (ConnectionPool.ID, Lent)? = state.withLockedValue { state in
            guard let (id, isFresh) = state.pool.takeIdle() else { return nil }
            return state.lent(id, isFresh: isFresh).map { (id, $0) }
        }
        if let (id, lent) = idle { return Lease(of: self, id, lent) }
        let served = await waiters.wait(atMost: deadline) { ticket in
            act { $0.arrive(ticket, at: .now) }
        } leave: { [state] ticket in
            state.withLockedValue { $0.pool.leave(ticket) }
        }
        guard let served else {
            guard !Task.isCancelled else { throw .cancelled }
            throw failure(.deadline, "\(doing): it is still busy with earlier calls: see what its libvirtd is at")
        }
        return try served.get()
    }

    /// Takes note that a connection proved dead.
    func broke(_ lease: Lease) {
        broke(lease.id)
    }

    /// Keeps a connection while events are read over it.
    ///
    /// - Parameter lease: the connection, which others may have meanwhile.
    /// - Returns: what ends it.
    func beginReading(over lease: Lease) -> @Sendable () -> Void {
        let id = lease.id
        state.withLockedValue { $0.pool.beginReading(over: id) }
        return { [state] in state.withLockedValue { $0.pool.endReading(over: id) } }
    }

    /// Takes note that somebody has measured the PM: that it refused this worker before says nothing any more.
    ///
    /// - Parameter time: when that was, in ms since 1970 by the clock of Redis.
    func wasMeasured(at time: Int) {
        state.withLockedValue { $0.pool.wasMeasured(at: time) }
    }

    /// Closes what was not used for too long, or all that is idle where others in this process wait for room.
    func closeIdle(isPressed: Bool) {
        act { $0.closeIdle(at: .now, isPressed: isPressed) }
    }

    /// Keeps nothing from now on, as the PM is no longer listed; calls under way go on.
    func retire() {
        act { $0.retire(at: .now) }
    }

    /// Grows whenever a connection broke or the last one was closed: what was learned from the PM's libvirt before may be outdated.
    var generation: Int { state.withLockedValue { $0.pool.generation } }

    /// How many connections are open.
    var count: Int { state.withLockedValue { $0.pool.count } }

    private func giveBack(_ id: ConnectionPool.ID) {
        let isOpen = state.withLockedValue { $0.connections[id]?.isOpen ?? false }
        if isOpen {
            act { $0.giveBack(id, at: .now) }
        } else {
            act { $0.broke(id, at: .now) + $0.giveBack(id, at: .now) }
        }
    }

    private func broke(_ id: ConnectionPool.ID) {
        act { $0.broke(id, at: .now) }
    }

    // MARK: Doing what the pool decides

    private func act(_ event: (inout ConnectionPool) -> [ConnectionPool.Action]) {
        for action in state.withLockedValue({ event(&$0.pool) }) { perform(action) }
    }

    private func perform(_ action: ConnectionPool.Action) {
        switch action {
        case .open(let id, let isOnly): Task { await open(id, isOnly: isOnly) }
        case .refuse(let ticket, let failure): _ = waiters.serve(ticket) { .failure(failure) }
        case .close(let id): state.withLockedValue { $0.connections.removeValue(forKey: id) }?.close()
        case .serve(let ticket, let id, let isFresh):
            let lent = state.withLockedValue { $0.lent(id, isFresh: isFresh) }
            guard let lent else { return }
            // A lease that nobody takes goes, and gives the connection back.
            let lease = Lease(of: self, id, lent)
            _ = waiters.serve(ticket) { .success(lease) }
        }
    }

    private func open(_ id: ConnectionPool.ID, isOnly: Bool) async {
        // Beside other connections one more is not worth a wait.
        guard let slot = await slots.take(within: isOnly ? settings.slotDeadline : .zero) else {
            let failure = failure(.workerBusy, "connecting: \(slots.fullText)")
            return act { $0.openingFailed(failure, isAboutPM: false, at: .now) }
        }
        do {
            let opened = try await Connection.open(
                uri,
                threads: threads,
                deadline: settings.openDeadline,
                keepalive: settings.keepalive,
                keeping: slot
            ) { [weak self, logger] reason in
                if reason != .client { logger.warning("libvirt connection lost", metadata: ["reason": "\(reason)"]) }
                self?.broke(id)
            }
            logger.debug("libvirt connection opened", metadata: ["uri": "\(uri)"])
            state.withLockedValue { $0.connections[id] = opened }
            act { $0.opened(id, at: .now) }
            // It may have broken before the pool knew of it.
            if !opened.isOpen { broke(id) }
        } catch {
            let failure = failure(ofOpening: error)
            logger.warning("no libvirt connection", metadata: ["error": "\(failure)"])
            act { $0.openingFailed(failure, isAboutPM: true, at: .now) }
        }
    }

    private func failure(ofOpening error: any Error) -> Failure {
        guard let error = error as? LibvirtError, error.kind == .deadline else {
            return failure(error, doing: "connecting")
        }
        return failure(
            .deadline,
            "connecting: no answer within \(settings.openDeadline): see what its sshd and libvirtd are at; where its login "
                + "only takes long, raise HVC_PROBE_TIMEOUT",
            cause: error.description
        )
    }
}

extension LibvirtConnections.State {
    fileprivate func lent(_ id: ConnectionPool.ID, isFresh: Bool) -> LibvirtConnections.Lent? {
        connections[id].map { .init(connection: $0, isFresh: isFresh) }
    }
}
