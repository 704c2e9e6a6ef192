import NIOConcurrencyHelpers

/// A connection to the libvirt of one machine.
///
/// It is used through `run`, which lends a `Session` to a closure on a thread that may block. Domains, pools and
/// volumes come from the session and cannot leave the closure, so no handle is ever used, or freed, elsewhere. One
/// closure runs at a time; what lasts wants a connection of its own.
package final class Connection: Sendable {
    /// How a dead machine is noticed (`virConnectSetKeepAlive`): after about `seconds` x (`count` + 1).
    package struct Keepalive: Hashable, Sendable {
        /// Seconds of silence before a probe, and between probes.
        package var seconds: Int
        /// Probes without an answer after which the connection is closed.
        package var count: Int

        /// Sets both.
        ///
        /// - Parameters:
        ///   - seconds: seconds between probes.
        ///   - count: probes without an answer.
        package init(seconds: Int = 5, count: Int = 3) {
            self.seconds = max(1, seconds)
            self.count = max(1, count)
        }
    }

    /// Why a connection was closed (`virConnectCloseReason`).
    package enum CloseReason: Int, Hashable, Sendable {
        /// The socket or the pipe failed.
        case error = 0
        /// The other side ended it.
        case endOfFile = 1
        /// The keepalive had no answer.
        case keepalive = 2
        /// This side ended it.
        case client = 3
    }

    /// Called once on libvirt's event thread when the connection breaks; must not block and must not call libvirt.
    package typealias OnClose = @Sendable (CloseReason) -> Void

    /// The URI it was opened with.
    package let uri: String
    private let handle: ConnectionHandle
    private let threads: BlockingThreads
    private let memory = SessionMemory()

    private init(uri: String, handle: ConnectionHandle, threads: BlockingThreads) {
        self.uri = uri
        self.handle = handle
        self.threads = threads
    }

    /// Opens a connection (`virConnectOpen`), with keepalive and close callback where the driver has them.
    ///
    /// - Parameters:
    ///   - uri: libvirt's URI of the machine.
    ///   - threads: where calls over the connection run, and the opening too.
    ///   - deadline: how long the caller waits.
    ///   - keepalive: how a dead machine is noticed; nil for not at all.
    ///   - kept: something to keep until the connection is closed, whoever gave it up before.
    ///   - onClose: called when the connection breaks; drivers within this process never call it.
    /// - Returns: the open connection; it is closed when nobody refers to it any more.
    /// - Throws: `LibvirtError`.
    package static func open(
        _ uri: String,
        threads: BlockingThreads,
        deadline: Duration,
        keepalive: Keepalive? = Keepalive(),
        keeping kept: (any Sendable)? = nil,
        onClose: @escaping OnClose = { _ in }
    ) async throws -> Connection {
        let handle = try await threads.run(deadline: deadline) { _ in
            try ConnectionHandle(uri: uri, keepalive: keepalive, kept: kept, onClose: onClose)
        }
        return Connection(uri: uri, handle: handle, threads: threads)
    }

    /// False once the connection broke or was closed; costs nothing, asks nobody.
    package var isOpen: Bool { handle.isOpen }

    /// Ends the streams of events that are read over the connection, which goes with its last reference.
    ///
    /// A body that runs goes on to its end.
    package func close() {
        handle.endStreams()
    }

    /// Runs `body` with a session on a thread that may block.
    ///
    /// - Parameters:
    ///   - deadline: how long the caller waits at most; the body goes on without it until libvirt returns.
    ///   - grace: how much longer the caller waits for a body that checks `Session.cancellation` to clean up.
    ///   - body: what to do; its handles end with it.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` throws; `LibvirtError` of kind `deadline`, `busy` or `cancelled`.
    package func run<Value: Sendable>(
        deadline: Duration,
        grace: Duration = .zero,
        _ body: @escaping @Sendable (Session) throws -> Value
    ) async throws -> Value {
        try await threads.run(deadline: deadline, grace: grace) { [handle, memory] flag in
            try handle.exclusively {
                try flag.check()
                return try body(Session(handle: handle, cancellation: flag, memory: memory))
            }
        }
    }

    /// What happens to the machine's domains from now on (`virConnectDomainEventRegisterAny`, lifecycle).
    ///
    /// The stream ends when it is no longer read, or the connection breaks; it keeps the connection until then. A
    /// reader that is slow loses the oldest events, so they are hints to probe, not a record.
    ///
    /// - Parameters:
    ///   - deadline: how long the registration may take.
    ///   - kept: something to keep until the registration has ended, whoever gave it up before.
    /// - Returns: the events.
    /// - Throws: `LibvirtError`.
    package func lifecycleEvents(
        deadline: Duration,
        keeping kept: (any Sendable)? = nil
    ) async throws -> AsyncStream<LifecycleEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: LifecycleEvent.self,
            bufferingPolicy: .bufferingNewest(4096)
        )
        let subscription = try await threads.run(deadline: deadline) { [handle] _ in
            defer { withExtendedLifetime(kept) {} }
            return try handle.exclusively { try LifecycleSubscription(handle: handle, continuation: continuation) }
        }
        continuation.onTermination = { _ in subscription.end() }
        return stream
    }
}
