import NIOCore
import NIOPosix

extension RedisConnection {
    /// Connects, logs in, and gives back a connection that is ready for calls.
    ///
    /// - Parameters:
    ///   - configuration: Where to and as whom.
    ///   - eventLoop: The loop that will serve the connection.
    /// - Returns: The connection.
    /// - Throws: ``RedisError`` that says what is wrong, or `CancellationError`.
    static func open(_ configuration: RedisConfiguration, on eventLoop: any EventLoop) async throws -> RedisConnection {
        let deadline = NIODeadline.now() + TimeAmount(configuration.connectTimeout)
        let secure = try configuration.transportSecurity()
        let connection: RedisConnection
        do {
            connection = try await connect(configuration, on: eventLoop, secure: secure)
        } catch let error as RedisError {
            throw error
        } catch let error where !(error is CancellationError) {
            throw unreachable(configuration, error)
        }
        do {
            try await connection.handshake(configuration, deadline: deadline)
            return connection
        } catch {
            connection.close(RedisError(.notConnected, "the log-in failed"))
            throw error
        }
    }

    /// The connection as such; where the task is cancelled meanwhile, it is closed as soon as it is there.
    private static func connect(
        _ configuration: RedisConfiguration,
        on eventLoop: any EventLoop,
        secure: @escaping @Sendable (any Channel) throws -> Void
    ) async throws -> RedisConnection {
        let outcome = eventLoop.makePromise(of: RedisConnection.self)
        let made = eventLoop.makePromise(of: RedisConnection.self)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try secure(channel)
                    made.succeed(try RedisConnection(channel: channel, configuration: configuration))
                }
            }
        let connected =
            switch configuration.endpoint {
            case .tcp(let host, let port):
                // Finds out in the end about a peer that vanished while nothing was being said.
                bootstrap.channelOption(.socketOption(.so_keepalive), value: 1).connect(host: host, port: port)
            case .unixSocket(let path):
                bootstrap.connect(unixDomainSocketPath: path)
            }
        connected.whenFailure { made.fail($0) }
        connected.and(made.futureResult).whenComplete { result in
            guard case .success(let (_, connection)) = result else {
                if case .failure(let error) = result { outcome.fail(error) }
                return
            }
            outcome.succeed(connection)
            outcome.futureResult.whenFailure { _ in connection.close(RedisError(.notConnected, "nobody waits any more"))
            }
        }
        return try await withTaskCancellationHandler {
            try await outcome.futureResult.get()
        } onCancel: {
            outcome.fail(CancellationError())
        }
    }

    /// AUTH, SELECT, CLIENT SETNAME as far as configured, and PING, in one write.
    private func handshake(_ configuration: RedisConfiguration, deadline: NIODeadline) async throws {
        let steps = Handshake(configuration)
        let results = try await pipeline(steps.commands, deadline: deadline)
        if let error = steps.failure(in: results) {
            throw error
        }
    }

    private static func unreachable(_ configuration: RedisConfiguration, _ cause: any Error) -> RedisError {
        RedisError(
            .notConnected,
            "cannot connect to \(configuration): check whether Redis runs and listens there",
            cause: cause
        )
    }
}
