import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Keeps one shared connection up, and makes callers wait for it no longer than they may.
///
/// The shell around ``ConnectionLifecycle``. One task, started at the first demand and ended by ``close(_:)``,
/// connects, waits for the end of the connection, backs off and connects again.
final class ConnectionKeeper: Sendable {
    private struct State: Sendable {
        var lifecycle: ConnectionLifecycle<RedisConnection>
        var waiters: [UInt64: Waiter] = [:]
        var nextWaiter: UInt64 = 0
        var attempts: Task<Void, Never>?
        var connectionsMade = 0
        var outage: Outage
    }

    private struct Waiter: Sendable {
        let continuation: CheckedContinuation<RedisConnection, any Error>
        /// A failed attempt after this time ends the wait.
        let waitDeadline: NIODeadline
        let timer: Scheduled<Void>

        func fail(_ error: RedisError) {
            timer.cancel()
            continuation.resume(throwing: error)
        }
    }

    private enum Answer {
        case connection(RedisConnection)
        case failure(RedisError)
        case wait(waitDeadline: NIODeadline, limit: NIODeadline)
    }

    private let configuration: RedisConfiguration
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let state: NIOLockedValueBox<State>

    init(configuration: RedisConfiguration, eventLoop: any EventLoop, logger: Logger) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        self.state = NIOLockedValueBox(
            State(
                lifecycle: ConnectionLifecycle(backoff: configuration.reconnect),
                outage: Outage(reminder: configuration.outageReminder)
            )
        )
    }

    /// Whether there is a connection right now.
    var isConnected: Bool {
        latest?.isOpen ?? false
    }

    /// How many calls waited for replies on the connection when its event loop counted last.
    var callsInFlight: Int {
        latest?.callsInFlight ?? 0
    }

    /// The connection, where there is one; it may have ended a moment ago.
    var latest: RedisConnection? {
        state.withLockedValue { $0.lifecycle.connection }
    }

    /// How many connections were made so far.
    var connectionsMade: Int { state.withLockedValue { $0.connectionsMade } }

    /// Starts connecting where that has not begun.
    func start() {
        state.withLockedValue { state in
            guard state.lifecycle.demand() else { return }
            state.attempts = Task { await self.keepConnected() }
        }
    }

    /// The connection, waited for as configured where there is none.
    ///
    /// - Parameter deadline: The caller's deadline.
    /// - Returns: A connection that was open a moment ago.
    /// - Throws: ``RedisError`` with `wasSent` false, or `CancellationError`.
    func connection(deadline: NIODeadline) async throws -> RedisConnection {
        if let connection = latest, connection.isOpen { return connection }
        start()
        let id = state.withLockedValue { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                admit(id, continuation, deadline: deadline)
            }
        } onCancel: {
            end(id) { $0.resume(throwing: CancellationError()) }
        }
    }

    /// Takes no more callers and ends the attempts.
    ///
    /// - Parameter reason: The error that callers get from now on.
    /// - Returns: The connection, still open, for the caller to close.
    func close(_ reason: RedisError) -> RedisConnection? {
        let (connection, waiters, attempts) = state.withLockedValue { state in
            let connection = state.lifecycle.close(reason)
            defer { state.waiters = [:] }
            return (connection, state.waiters, state.attempts)
        }
        attempts?.cancel()
        for waiter in waiters.values {
            waiter.fail(reason)
        }
        return connection
    }
}

// MARK: Waiting callers

extension ConnectionKeeper {
    private func admit(
        _ id: UInt64,
        _ continuation: CheckedContinuation<RedisConnection, any Error>,
        deadline: NIODeadline
    ) {
        let answer = state.withLockedValue { state -> Answer in
            let answer = self.answer(state.lifecycle.outlook, deadline: deadline)
            if case .wait(let waitDeadline, let limit) = answer {
                let timer = eventLoop.scheduleTask(deadline: limit) { self.giveUp(id) }
                state.waiters[id] = Waiter(continuation: continuation, waitDeadline: waitDeadline, timer: timer)
            }
            return answer
        }
        switch answer {
        case .connection(let connection): continuation.resume(returning: connection)
        case .failure(let error): continuation.resume(throwing: error)
        case .wait:
            // A cancellation that came before has found nobody to wake.
            guard Task.isCancelled else { return }
            end(id) { $0.resume(throwing: CancellationError()) }
        }
    }

    private func answer(_ outlook: ConnectionLifecycle<RedisConnection>.Outlook, deadline: NIODeadline) -> Answer {
        let now = NIODeadline.now()
        let waitDeadline = min(deadline, now + TimeAmount(configuration.waitForConnection))
        switch outlook {
        case .ready(let connection) where connection.isOpen:
            return .connection(connection)
        case .ready:
            // Just lost; the keeper's task will say so in a moment.
            return waitDeadline > now
                ? .wait(waitDeadline: waitDeadline, limit: waitDeadline) : .failure(Self.absent(nil))
        case .opening:
            let limit = min(deadline, max(waitDeadline, now + TimeAmount(configuration.connectTimeout)))
            return .wait(waitDeadline: waitDeadline, limit: limit)
        case .away(let error):
            guard !error.needsAttention, waitDeadline > now else { return .failure(Self.absent(error)) }
            return .wait(waitDeadline: waitDeadline, limit: waitDeadline)
        case .closed(let error):
            return .failure(error)
        }
    }

    private func giveUp(_ id: UInt64) {
        let lastError = state.withLockedValue { state -> RedisError? in
            if case .away(let error) = state.lifecycle.outlook { error } else { nil }
        }
        end(id) { $0.resume(throwing: Self.absent(lastError)) }
    }

    private func end(_ id: UInt64, _ action: (CheckedContinuation<RedisConnection, any Error>) -> Void) {
        guard let waiter = state.withLockedValue({ $0.waiters.removeValue(forKey: id) }) else { return }
        waiter.timer.cancel()
        action(waiter.continuation)
    }

    /// The error of a caller who gets no connection.
    private static func absent(_ cause: RedisError?) -> RedisError {
        if let cause, cause.needsAttention || cause.code == .notConnected { return cause.sent(false) }
        return RedisError(.notConnected, "there is no connection to Redis at the moment: try again later", cause: cause)
    }
}

// MARK: Attempts

extension ConnectionKeeper {
    /// Runs until ``close(_:)``.
    private func keepConnected() async {
        while !Task.isCancelled {
            guard let pause = await attempt() else { return }
            // A cancelled sleep only ends the loop sooner.
            try? await Task.sleep(for: pause)
        }
    }

    /// One connection from its making to its end.
    ///
    /// - Returns: How long to wait before the next one; nil where there shall be none.
    private func attempt() async -> Duration? {
        do {
            let connection = try await RedisConnection.open(configuration, on: eventLoop)
            guard install(connection) else { return nil }
            reportConnection()
            let error = await connection.waitUntilClosed()
            return lost(error)
        } catch {
            return failed(error as? RedisError ?? RedisError(.notConnected, "the attempt was given up", cause: error))
        }
    }

    private func install(_ connection: RedisConnection) -> Bool {
        let waiters = state.withLockedValue { state -> [UInt64: Waiter]? in
            guard state.lifecycle.connected(connection, at: .now()) else { return nil }
            state.connectionsMade += 1
            defer { state.waiters = [:] }
            return state.waiters
        }
        guard let waiters else {
            connection.close(RedisClient.shutDownError)
            return false
        }
        for waiter in waiters.values {
            waiter.timer.cancel()
            waiter.continuation.resume(returning: connection)
        }
        return true
    }

    private func lost(_ error: RedisError) -> Duration? {
        let pause = state.withLockedValue { $0.lifecycle.lost(error, at: .now(), fraction: .random(in: 0...1)) }
        if let pause { reportLoss(error, pause) }
        return pause
    }

    private func failed(_ error: RedisError) -> Duration? {
        let now = NIODeadline.now()
        let (pause, losers) = state.withLockedValue { state in
            let pause = state.lifecycle.failed(error, fraction: .random(in: 0...1))
            let losers = state.waiters.filter { error.needsAttention || $0.value.waitDeadline <= now }
            for id in losers.keys {
                state.waiters[id] = nil
            }
            return (pause, losers)
        }
        for waiter in losers.values {
            waiter.fail(Self.absent(error))
        }
        if let pause { reportLoss(error, pause) }
        return pause
    }

    /// Reports it for the whole process: parts that try their calls again leave that to this.
    private func reportLoss(_ error: RedisError, _ pause: Duration) {
        let metadata: Logger.Metadata = ["error": "\(error)", "again_in": "\(pause)"]
        switch state.withLockedValue({ $0.outage.failed(at: .now()) }) {
        case .away: logger.warning("Redis is away", metadata: metadata)
        case .still(let time):
            logger.warning("Redis is still away", metadata: ["error": "\(error)", "away_s": "\(time.wholeSeconds)"])
        case .back, nil: logger.debug("no connection to Redis", metadata: metadata)
        }
    }

    private func reportConnection() {
        let (news, count) = state.withLockedValue { ($0.outage.recovered(at: .now()), $0.connectionsMade) }
        var metadata: Logger.Metadata = ["redis": "\(configuration)"]
        if case .back(let time) = news {
            metadata["away_s"] = "\(time.wholeSeconds)"
            logger.notice("Redis is back", metadata: metadata)
        } else {
            logger.log(level: count == 1 ? .info : .debug, "connected to Redis", metadata: metadata)
        }
    }
}

extension TimeAmount {
    fileprivate var wholeSeconds: Int64 { nanoseconds / 1_000_000_000 }
}
