import Libvirt
import Logging
import Model

/// The connection to one PM: opened when first needed, opened anew after it broke, left alone for a moment after it
/// could not be opened.
actor LibvirtLink {
    /// A connection, and what was learned over it.
    struct Line: Sendable {
        let connection: Connection
        /// True where this connection was not opened just now, so it may have been dead for a while.
        var isReused: Bool
    }

    private struct Refusal {
        let failure: Failure
        var until: ContinuousClock.Instant
        let pause: Duration
    }

    private let uri: String
    private let settings: LibvirtSettings
    private let threads: BlockingThreads
    private let slots: ConnectionSlots
    private let failure: LibvirtFailure
    private let logger: Logger
    private let opening = SingleFlight<String, Connection>()
    private var connection: Connection?
    private var refusal: Refusal?
    /// When the PM was measured last, as far as was heard here.
    private var measuredAt = 0

    /// Makes a link that is not connected yet.
    ///
    /// - Parameters:
    ///   - listing: the PM.
    ///   - settings: deadlines and pauses.
    ///   - threads: where blocking calls run.
    ///   - slots: how many connections the process may have.
    ///   - logger: told of connections made and lost.
    init(
        listing: PMListing,
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
    }

    /// The open connection, or a new one.
    ///
    /// - Returns: the connection.
    /// - Throws: `Failure`: why the PM cannot be reached, for a moment without trying again.
    func line() async throws(Failure) -> Line {
        if let known = try known() { return Line(connection: known, isReused: true) }
        let opened = try await opening.run(uri) { [self] () async throws(Failure) in try await open() }
        return Line(connection: opened, isReused: false)
    }

    /// Forgets a connection that proved dead; the next call opens a new one.
    func drop(_ dead: Connection) {
        if connection === dead { connection = nil }
    }

    /// Takes note that somebody has measured the PM: that it refused this worker before says nothing any more.
    ///
    /// - Parameter time: when that was, in ms since 1970 by the clock of Redis.
    func wasMeasured(at time: Int) {
        guard time > measuredAt else { return }
        measuredAt = time
        refusal?.until = .now
    }

    /// The connection, where it is open.
    ///
    /// - Throws: why there is none, as long as nobody is to try again.
    private func known() throws(Failure) -> Connection? {
        if let connection, connection.isOpen { return connection }
        connection = nil
        if let refusal, ContinuousClock.now < refusal.until { throw refusal.failure }
        return nil
    }

    private func open() async throws(Failure) -> Connection {
        // Whoever asked before another attempt ended, and comes to try after it, finds what became of that.
        if let known = try known() { return known }
        let logger = logger
        guard let slot = await slots.take(within: settings.slotDeadline) else {
            // This says nothing about the PM, so the next call may try at once.
            throw failure(.deadline, "connecting: \(slots.fullText)")
        }
        do {
            let opened = try await Connection.open(
                uri,
                threads: threads,
                deadline: settings.openDeadline,
                keepalive: settings.keepalive,
                keeping: slot
            ) { reason in
                logger.warning("libvirt connection lost", metadata: ["reason": "\(reason)"])
            }
            logger.debug("libvirt connection opened", metadata: ["uri": "\(uri)"])
            connection = opened
            refusal = nil
            return opened
        } catch {
            let failure = failure(ofOpening: error)
            // Giving up says nothing about the PM.
            guard failure.code != .leaseLost else { throw failure }
            let pause = min(refusal.map { $0.pause * 2 } ?? settings.retryPause, settings.longestRetryPause)
            refusal = Refusal(failure: failure, until: .now + pause, pause: pause)
            logger.warning("no libvirt connection", metadata: ["error": "\(failure)", "pause": "\(pause)"])
            throw failure
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
