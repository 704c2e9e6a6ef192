import HummingbirdCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Limits the number of connections, and chooses those that are closed for new ones.
///
/// At the limit, new connections wait in the system's queue until the one that has been idle longest is closed. So a client
/// that holds many idle connections cannot keep others out.
final class ConnectionLimit: AvailableConnectionsDelegate {
    typealias Slot = IdleOrder<any Channel>.Slot

    private struct State: Sendable {
        var open = 0
        var isFull = false
        var lastWarning: ContinuousClock.Instant?
        var order = IdleOrder<any Channel>()
        /// When the next idle connection may be closed.
        var nextTurn = NIODeadline.uptimeNanoseconds(0)
    }

    /// Closing a connection costs about 0.1 ms of CPU: this leaves most of it to requests.
    private static let turn = TimeAmount.microseconds(400)

    /// The limit.
    let count: Int
    private let logger: Logger
    private let state = NIOLockedValueBox(State())

    init(count: Int, logger: Logger) {
        self.count = count
        self.logger = logger
    }

    /// How many connections fit under a limit of descriptors.
    ///
    /// - Parameters:
    ///   - wanted: how many there are to be.
    ///   - descriptors: the limit.
    ///   - others: what else the process keeps open.
    /// - Returns: as many as wanted, at most what the limit leaves; a quarter of it where it leaves less.
    static func count(wanted: Int, descriptors: Int, others: Int) -> Int {
        min(wanted, max(descriptors - others, descriptors / 4))
    }

    // MARK: Accepting

    func connectionOpened() {
        state.withLockedValue { $0.open += 1 }
    }

    func connectionClosed() {
        state.withLockedValue { $0.open -= 1 }
    }

    func isAcceptingNewConnections() -> Bool {
        let (hasRoom, isNews) = state.withLockedValue { state in
            state.isFull = state.open >= count
            guard state.isFull else { return (true, false) }
            let now = ContinuousClock.now
            guard state.lastWarning.map({ now - $0 >= .seconds(60) }) ?? true else { return (false, false) }
            state.lastWarning = now
            return (false, true)
        }
        if isNews {
            logger.warning(
                "no more connections: those without a request are closed for new ones",
                metadata: ["limit": "\(count)"]
            )
        }
        if !hasRoom { makeRoom() }
        return hasRoom
    }

    /// Whether new connections wait.
    var isFull: Bool { state.withLockedValue { $0.isFull } }

    /// Asks those that have been idle for longest to close, some at once: one by one would be slow against a flood.
    func makeRoom() {
        let channels = state.withLockedValue { state -> [any Channel] in
            guard state.isFull else { return [] }
            return (0..<max(1, count / 256)).compactMap { _ in state.order.popOldest() }
        }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(MakeRoom()) }
    }

    // MARK: Connections

    /// When an idle connection that is over may be closed: at once, unless many are over.
    func closingTurn(at now: NIODeadline) -> NIODeadline {
        state.withLockedValue { state in
            let turn = max(now, state.nextTurn)
            state.nextTurn = turn + Self.turn
            return turn
        }
    }

    /// A connection has come; it is idle.
    func add(_ channel: any Channel) -> Slot {
        state.withLockedValue { $0.order.insert(channel) }
    }

    func remove(_ slot: Slot) {
        state.withLockedValue { $0.order.remove(slot) }
    }

    func isBusy(_ slot: Slot) {
        state.withLockedValue { $0.order.setBusy(slot) }
    }

    func isIdle(_ slot: Slot) {
        state.withLockedValue { $0.order.setIdle(slot) }
    }
}
