import Logging
import NIOConcurrencyHelpers
import NIOCore

/// The connections for commands that block: each call in progress has one of its own, and idle ones are used again.
///
/// A call that is cancelled or runs out of time closes its connection, so that the server does not hand an element to
/// nobody. What the server has answered, or still finds unread on the connection, it has executed all the same: callers
/// that may not lose an element move it to another list in the same command (BLMOVE) rather than pop it.
final class BlockingConnections: Sendable {
    private struct State {
        var idle: [RedisConnection] = []
        var busy: [ObjectIdentifier: RedisConnection] = [:]
        var closed: RedisError?
    }

    /// More idle connections than this are not kept.
    private static let maximumIdle = 16

    private let configuration: RedisConfiguration
    private let group: any EventLoopGroup
    private let state = NIOLockedValueBox(State())

    init(configuration: RedisConfiguration, group: any EventLoopGroup) {
        self.configuration = configuration
        self.group = group
    }

    /// Sends a command on a connection of its own.
    ///
    /// - Parameters:
    ///   - command: A command that blocks.
    ///   - deadline: When to stop waiting.
    /// - Returns: The reply, which may be an error reply.
    /// - Throws: ``RedisError`` or `CancellationError`.
    func send(_ command: RedisCommand, deadline: NIODeadline) async throws -> RESPValue {
        let connection = try await checkOut()
        do {
            let reply = try await connection.send(command, deadline: deadline)
            checkIn(connection)
            return reply
        } catch {
            state.withLockedValue { $0.busy[ObjectIdentifier(connection)] = nil }
            connection.close(RedisError(.connectionLost, "the blocking call was given up"))
            // Only then can the caller be sure that what it adds to the list is not popped for this call.
            await connection.waitUntilClosed()
            throw error
        }
    }

    /// Closes all connections and takes no more calls.
    ///
    /// - Parameter reason: The error with which calls fail.
    func close(_ reason: RedisError) {
        let connections = state.withLockedValue { state in
            state.closed = reason
            defer { state.idle = [] }
            return state.idle + state.busy.values
        }
        for connection in connections {
            connection.close(reason)
        }
    }

    private func checkOut() async throws -> RedisConnection {
        let idle = try state.withLockedValue { state -> RedisConnection? in
            if let closed = state.closed { throw closed }
            while let connection = state.idle.popLast() {
                guard connection.isOpen else { continue }
                state.busy[ObjectIdentifier(connection)] = connection
                return connection
            }
            return nil
        }
        if let idle { return idle }
        let connection = try await RedisConnection.open(configuration, on: group.next())
        let closed = state.withLockedValue { state in
            if state.closed == nil { state.busy[ObjectIdentifier(connection)] = connection }
            return state.closed
        }
        guard let closed else {
            // Once, when it is made: a connection serves any number of calls.
            connection.whenClosed { [weak self, weak connection] in
                guard let self, let connection else { return }
                self.state.withLockedValue { state in state.idle.removeAll { $0 === connection } }
            }
            return connection
        }
        connection.close(closed)
        throw closed
    }

    private func checkIn(_ connection: RedisConnection) {
        let isKept = state.withLockedValue { state in
            state.busy[ObjectIdentifier(connection)] = nil
            guard state.closed == nil, connection.isOpen, state.idle.count < Self.maximumIdle else { return false }
            state.idle.append(connection)
            return true
        }
        if !isKept {
            connection.close(RedisError(.notConnected, "enough idle connections"))
        }
    }
}
