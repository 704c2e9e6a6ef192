import NIOCore

/// The life of a connection that is kept up: what state it is in, and how long to wait before the next attempt.
///
/// Pure: does no I/O and reads no clock. ``ConnectionKeeper`` is the shell around it.
struct ConnectionLifecycle<Connection> {
    /// What a caller may expect.
    enum Outlook {
        /// There is a connection.
        case ready(Connection)
        /// The first attempt is still to end.
        case opening
        /// The last attempt failed, or the connection was lost.
        case away(RedisError)
        /// There will be none.
        case closed(RedisError)
    }

    fileprivate enum State {
        case idle
        case opening
        case ready(Connection, since: NIODeadline)
        case away(RedisError)
        case closed(RedisError)
    }

    /// A connection that lasts so long counts as a success; one that ends sooner counts as one more failure, or a
    /// server that accepts and drops would be asked without pause.
    private static var stableAfter: TimeAmount { .seconds(5) }

    private let backoff: Backoff
    private var state = State.idle
    /// Failures in a row.
    private(set) var failures = 0

    init(backoff: Backoff) {
        self.backoff = backoff
    }

    /// The connection, where there is one.
    var connection: Connection? {
        if case .ready(let connection, _) = state { connection } else { nil }
    }

    var outlook: Outlook {
        switch state {
        case .idle, .opening: .opening
        case .ready(let connection, _): .ready(connection)
        case .away(let error): .away(error)
        case .closed(let error): .closed(error)
        }
    }

    /// Asks for a connection.
    ///
    /// - Returns: Whether this is the first time, so that the attempts must be started.
    mutating func demand() -> Bool {
        guard case .idle = state else { return false }
        state = .opening
        return true
    }

    /// Notes that an attempt succeeded.
    ///
    /// - Parameters:
    ///   - connection: The new connection.
    ///   - now: The time.
    /// - Returns: Whether it is wanted; false after the end.
    mutating func connected(_ connection: Connection, at now: NIODeadline) -> Bool {
        if case .closed = state { return false }
        state = .ready(connection, since: now)
        return true
    }

    /// Notes that an attempt failed.
    ///
    /// - Parameters:
    ///   - error: Why.
    ///   - fraction: Where in the range to wait, from 0 to 1.
    /// - Returns: How long to wait before the next attempt; nil after the end.
    mutating func failed(_ error: RedisError, fraction: Double) -> Duration? {
        if case .closed = state { return nil }
        state = .away(error)
        defer { failures += 1 }
        return backoff.delay(retry: failures, fraction: fraction)
    }

    /// Notes that the connection ended.
    ///
    /// - Parameters:
    ///   - error: Why.
    ///   - now: The time.
    ///   - fraction: Where in the range to wait, from 0 to 1.
    /// - Returns: How long to wait before the next attempt: nothing after a long life; nil after the end.
    mutating func lost(_ error: RedisError, at now: NIODeadline, fraction: Double) -> Duration? {
        guard case .ready(_, let since) = state else { return nil }
        guard now - since < Self.stableAfter else {
            state = .away(error)
            failures = 0
            return .zero
        }
        return failed(error, fraction: fraction)
    }

    /// Ends it.
    ///
    /// - Parameter error: The error that callers get from now on.
    /// - Returns: The connection to close, where there is one.
    mutating func close(_ error: RedisError) -> Connection? {
        let last = connection
        if case .closed = state { return nil }
        state = .closed(error)
        return last
    }
}

extension ConnectionLifecycle: Sendable where Connection: Sendable {}
extension ConnectionLifecycle.State: Sendable where Connection: Sendable {}
