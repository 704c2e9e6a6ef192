package import Logging
package import NIOCore
import NIOPosix

/// A client for one Redis server (RESP2, Redis 6 and later; older ones without ACL users).
///
/// Calls from any number of tasks share one connection and are pipelined on it. A command that blocks on the server
/// goes to a connection of its own by its kind. The client connects at the first call or by ``run()``, and connects
/// again by itself, with backoff and jitter.
///
/// Cancelling the task of a call makes the call throw `CancellationError` at once. The command may have been executed
/// all the same; its reply is thrown away. A blocking command's connection is closed before the call returns.
///
/// A call that runs out of time throws code `timeout`, and its late reply is thrown away. The connection is given up
/// only where the server stays silent for the whole `commandTimeout` with an overdue call at the head of the line.
package final class RedisClient: Sendable {
    /// Where the server is and how the client talks to it.
    package let configuration: RedisConfiguration

    let scripts = ScriptCache()
    private let commandTimeout: TimeAmount
    private let keeper: ConnectionKeeper
    private let blocking: BlockingConnections
    private let refusals: RefusalLog
    /// Fulfilled at the end, maybe more than once, which does no harm.
    private let ended: EventLoopPromise<Void>

    static let shutDownError = RedisError(.shutDown, "the Redis client was shut down: make a new one")

    /// Makes a client; nothing is connected yet.
    ///
    /// - Parameters:
    ///   - configuration: Where the server is and how to talk to it.
    ///   - eventLoopGroup: The threads that do the I/O.
    ///   - logger: Gets a line for each connection made or lost.
    package init(
        configuration: RedisConfiguration,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger = Logger(label: "redis")
    ) {
        self.configuration = configuration
        let eventLoop = eventLoopGroup.next()
        self.ended = eventLoop.makePromise()
        self.commandTimeout = TimeAmount(configuration.commandTimeout)
        self.keeper = ConnectionKeeper(configuration: configuration, eventLoop: eventLoop, logger: logger)
        self.blocking = BlockingConnections(configuration: configuration, group: eventLoopGroup)
        self.refusals = RefusalLog(reminder: configuration.outageReminder, logger: logger)
    }

    deinit {
        ended.succeed()
        keeper.close(Self.shutDownError)?.close(Self.shutDownError)
        blocking.close(Self.shutDownError)
    }

    /// Whether the shared connection is up at this moment.
    package var isConnected: Bool { keeper.isConnected }

    /// How many shared connections were made so far: a server that is reached anew may have gone back to an earlier state,
    /// as after a failover, or a restart from an older file.
    package var connectionsMade: Int { keeper.connectionsMade }

    /// How many calls wait for replies on the shared connection: as of the last write or reply, for metrics.
    package var callsInFlight: Int { keeper.callsInFlight }

    /// Sends a command and waits for its reply.
    ///
    /// - Parameters:
    ///   - command: The command; one that blocks gets a connection of its own.
    ///   - timeout: How long the call may take, waiting for a connection included; nil: the configured time. A
    ///     blocking command gets it on top of its block time.
    /// - Returns: The reply.
    /// - Throws: ``RedisError`` for an error reply or where there is none; `CancellationError`.
    package func send(_ command: RedisCommand, timeout: Duration? = nil) async throws -> RESPValue {
        let deadline = NIODeadline.now() + (timeout.map { TimeAmount($0) } ?? commandTimeout)
        do {
            let reply =
                switch command.kind {
                case .plain:
                    try await shared(deadline) { try await $0.send(command, deadline: deadline) }
                case .blocking(let time):
                    try await block(command, for: time, deadline: deadline)
                case .transaction, .connection:
                    throw Self.unsupported(command)
                }
            if let error = reply.redisError { throw error }
            return reply
        } catch let error as RedisError {
            report(error)
            throw error
        }
    }

    /// Sends commands in one write and waits for all their replies.
    ///
    /// The commands reach the server one after another with no other call's command between them, so MULTI … EXEC
    /// may stand in a pipeline. Blocking commands may not.
    ///
    /// - Parameters:
    ///   - commands: The commands; where there are none, nothing is sent.
    ///   - timeout: How long the call may take, waiting for a connection included; nil: the configured time.
    /// - Returns: What each command came to. Where the connection ends or time runs out midway, the commands without
    ///   a reply carry that error.
    /// - Throws: ``RedisError`` where nothing was sent; `CancellationError`.
    package func pipeline(
        _ commands: [RedisCommand],
        timeout: Duration? = nil
    ) async throws -> [Result<RESPValue, RedisError>] {
        guard !commands.isEmpty else { return [] }
        for command in commands {
            switch command.kind {
            case .plain, .transaction: continue
            case .blocking, .connection: throw Self.unsupported(command)
            }
        }
        let deadline = NIODeadline.now() + (timeout.map { TimeAmount($0) } ?? commandTimeout)
        let results = try await shared(deadline) { try await $0.pipeline(commands, deadline: deadline) }
        for case .failure(let error) in results { report(error) }
        return results
    }

    /// Reports a call that failed in the log, unless this concerns its caller alone.
    private func report(_ error: RedisError) {
        switch error.code {
        case .noScript, .unsupported, .shutDown, .configuration: return
        default: refusals.note(error, isConnected: isConnected)
        }
    }

    /// Connects, keeps the connection up until the task is cancelled, then shuts the client down.
    ///
    /// Calls work without it, too; it is for programs that want the connection before the first call and an orderly
    /// end after the last one.
    package func run() async {
        keeper.start()
        await withTaskCancellationHandler {
            // Never fails.
            try? await ended.futureResult.get()
        } onCancel: {
            ended.succeed()
        }
        await shutdown()
    }

    /// Ends the client: no new calls, those under way get `commandTimeout` to finish, blocking ones end at once.
    ///
    /// Calls that come too late, and those that do not finish, throw code `shutDown`.
    package func shutdown() async {
        ended.succeed()
        blocking.close(Self.shutDownError)
        guard let connection = keeper.close(Self.shutDownError) else { return }
        await connection.closeGracefully(Self.shutDownError, within: configuration.commandTimeout)
    }

    /// Runs a call on the shared connection; again on the next one where it was not sent and there is time left.
    private func shared<Reply>(
        _ deadline: NIODeadline,
        _ call: (RedisConnection) async throws -> Reply
    ) async throws -> Reply {
        var connection: RedisConnection
        if let latest = keeper.latest {
            connection = latest
        } else {
            connection = try await keeper.connection(deadline: deadline)
        }
        while true {
            do {
                return try await call(connection)
            } catch let error as RedisError where error.code == .notConnected && !error.wasSent {
                // It has ended; the keeper says whether there is another one.
                connection = try await keeper.connection(deadline: deadline)
            }
        }
    }

    private func block(_ command: RedisCommand, for time: Duration?, deadline: NIODeadline) async throws -> RESPValue {
        // Waits as long as any call would where the server is away, and shares the backoff.
        _ = try await keeper.connection(deadline: deadline)
        let end = time.map { deadline + TimeAmount($0) } ?? .distantFuture
        return try await blocking.send(command, deadline: end)
    }

    private static func unsupported(_ command: RedisCommand) -> RedisError {
        RedisError(.unsupported, "\(command.name) cannot go over a shared connection in this way: leave it out")
    }
}
