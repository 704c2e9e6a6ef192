import NIOConcurrencyHelpers
import NIOCore
import Synchronization

/// One connection to a server, shared by any number of callers: calls are pipelined in the order in which they come.
///
/// This is the callers' side, usable from any thread; ``ReplyHandler`` is the event loop's.
final class RedisConnection: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<ReplyHandler>
    private let outbox: NIOLockedValueBox<Outbox>
    private let maximumPendingCalls: Int
    private let callIDs = Atomic<UInt64>(0)

    /// Puts a connection on a channel; runs on the channel's event loop.
    ///
    /// - Parameters:
    ///   - channel: A channel that is not active yet.
    ///   - configuration: Gives the limits.
    /// - Throws: Where the channel is closed already or memory is out.
    init(channel: any Channel, configuration: RedisConfiguration) throws {
        guard let parser = ReplyParser() else { throw RedisError(.notConnected, "out of memory") }
        let outbox = NIOLockedValueBox(Outbox())
        let handler = ReplyHandler(
            outbox: outbox,
            parser: parser,
            silenceLimit: TimeAmount(configuration.commandTimeout)
        )
        try channel.pipeline.syncOperations.addHandler(handler)
        self.channel = channel
        self.outbox = outbox
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        self.maximumPendingCalls = configuration.maximumPendingCalls
    }

    /// Sends one command and waits for its reply.
    ///
    /// - Parameters:
    ///   - command: The command.
    ///   - deadline: When to stop waiting.
    /// - Returns: The reply, which may be an error reply.
    /// - Throws: ``RedisError``, or `CancellationError` at once where the task is cancelled.
    func send(_ command: RedisCommand, deadline: NIODeadline) async throws -> RESPValue {
        let id = nextID()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enqueue(id, deadline: deadline, replies: 1, waiter: .one(continuation)) { buffer in
                    CommandEncoder.encode(command, into: &buffer)
                }
            }
        } onCancel: {
            cancel(id)
        }
    }

    /// Sends commands in one write and waits for all their replies.
    ///
    /// - Parameters:
    ///   - commands: The commands, at least one.
    ///   - deadline: When to stop waiting.
    /// - Returns: A result for each command; those without a reply carry the error that ended the connection.
    /// - Throws: ``RedisError`` where nothing was sent, or `CancellationError`.
    func pipeline(
        _ commands: [RedisCommand],
        deadline: NIODeadline
    ) async throws -> [Result<RESPValue, RedisError>] {
        let id = nextID()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let results = NIOLockedValueBox<[ReplyWaiter.PipelineResult]>([])
                let waiter = ReplyWaiter.many(continuation, results, count: commands.count)
                enqueue(id, deadline: deadline, replies: commands.count, waiter: waiter) { buffer in
                    for command in commands {
                        CommandEncoder.encode(command, into: &buffer)
                    }
                }
            }
        } onCancel: {
            cancel(id)
        }
    }

    /// Whether calls are still taken.
    var isOpen: Bool {
        outbox.withLockedValue { $0.closed == nil }
    }

    /// How many calls waited for replies when the event loop counted last.
    var callsInFlight: Int {
        outbox.withLockedValue { $0.inFlight }
    }

    /// Closes at once; all calls fail with the reason.
    ///
    /// - Parameter reason: The error with which the calls fail.
    func close(_ reason: RedisError) {
        onLoop { $0.close(reason) }
    }

    /// Takes no more calls, waits for the replies still to come, and closes.
    ///
    /// - Parameters:
    ///   - reason: The error of calls that come too late.
    ///   - limit: How long the replies may take.
    func closeGracefully(_ reason: RedisError, within limit: Duration) async {
        onLoop { $0.closeWhenIdle(reason) }
        let force = channel.eventLoop.scheduleTask(in: TimeAmount(limit)) { self.close(reason) }
        await waitUntilClosed()
        force.cancel()
    }

    /// Waits for the end of the connection.
    ///
    /// - Returns: Why it ended.
    @discardableResult
    func waitUntilClosed() async -> RedisError {
        // The future of a close only ever succeeds.
        try? await channel.closeFuture.get()
        return outbox.withLockedValue { $0.closed }
            ?? RedisError(.connectionLost, "the connection ended", wasSent: true)
    }

    /// Calls back when the connection has ended.
    ///
    /// - Parameter action: Runs on the event loop.
    func whenClosed(_ action: @escaping @Sendable () -> Void) {
        channel.closeFuture.whenComplete { _ in action() }
    }

    private func nextID() -> UInt64 {
        callIDs.wrappingAdd(1, ordering: .relaxed).newValue
    }

    private func enqueue(
        _ id: UInt64,
        deadline: NIODeadline,
        replies: Int,
        waiter: ReplyWaiter,
        encode: (inout ByteBuffer) -> Void
    ) {
        let call = PendingReplies<ReplyWaiter>.Call(
            id: id,
            // Set when the event loop takes it: one reading of the clock for a whole batch.
            sentAt: .distantPast,
            deadline: deadline,
            missing: replies,
            waiter: waiter
        )
        let (refusal, wakesLoop) = outbox.withLockedValue { outbox -> (RedisError?, Bool) in
            if let closed = outbox.closed { return (closed.unsent, false) }
            guard outbox.inFlight + outbox.calls.count < maximumPendingCalls else { return (Self.full, false) }
            encode(&outbox.bytes)
            outbox.calls.append(call)
            defer { outbox.isFlushDue = true }
            return (nil, !outbox.isFlushDue)
        }
        if let refusal {
            waiter.fail(refusal)
            return
        }
        if wakesLoop {
            onLoop { $0.flush() }
        }
        // A cancellation that came before the call was in the box has found nothing to cancel.
        if Task.isCancelled {
            cancel(id)
        }
    }

    private func cancel(_ id: UInt64) {
        onLoop { handler in
            handler.flush()
            handler.cancel(id)
        }
    }

    private func onLoop(_ action: @escaping @Sendable (ReplyHandler) -> Void) {
        channel.eventLoop.execute { action(self.handler.value) }
    }

    private static let full = RedisError(.tooManyPending, "too many calls wait for the server: try again later")
}
