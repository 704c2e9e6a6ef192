import NIOConcurrencyHelpers
import NIOCore

/// The event loop's side of a connection: writes what is in the outbox, gives replies to those who wait, watches
/// deadlines, and ends all calls when the connection ends.
///
/// Timeouts: a call that runs out of time fails, and its reply is thrown away if it still comes, which is right
/// because the order of replies is fixed. The connection is closed where the call at the head of the line has run out
/// of time and not one byte came for the configured time: then the server or the way to it is gone or hangs, and
/// everyone is better served by an error at once and a new connection. One timer serves all calls.
final class ReplyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A larger buffer is given back after its write.
    private static let keptCapacity = 64 * 1024

    private let outbox: NIOLockedValueBox<Outbox>
    private let silenceLimit: TimeAmount
    private let parser: ReplyParser
    private var pending = PendingReplies<ReplyWaiter>()
    /// Trades places with the outbox's list, so that neither is made anew for each batch.
    private var spareCalls: [PendingReplies<ReplyWaiter>.Call] = []
    /// Trades places with the outbox's bytes, for the same reason.
    private var spareBytes = ByteBuffer()
    private var context: ChannelHandlerContext?
    private var lastRead = NIODeadline.now()
    private var timer: Scheduled<Void>?
    private var timerDue = NIODeadline.distantFuture
    private var closesWhenIdle = false

    init(outbox: NIOLockedValueBox<Outbox>, parser: ReplyParser, silenceLimit: TimeAmount) {
        self.outbox = outbox
        self.parser = parser
        self.silenceLimit = silenceLimit
    }

    // MARK: Out

    /// Writes what callers have put into the outbox.
    func flush() {
        outbox.withLockedValue { outbox in
            outbox.isFlushDue = false
            swap(&outbox.calls, &spareCalls)
            swap(&outbox.bytes, &spareBytes)
            outbox.inFlight = pending.count + spareCalls.count
        }
        let now = NIODeadline.now()
        for index in spareCalls.indices {
            spareCalls[index].sentAt = now
            pending.append(spareCalls[index])
        }
        spareCalls.removeAll(keepingCapacity: true)
        armTimer(pending.nextDeadline)
        guard spareBytes.readableBytes > 0, let context else { return }
        context.writeAndFlush(wrapOutboundOut(spareBytes), promise: nil)
        if spareBytes.capacity <= Self.keptCapacity {
            spareBytes.clear()
        } else {
            spareBytes = ByteBuffer()
        }
    }

    /// Ends one call because its task was cancelled.
    func cancel(_ id: UInt64) {
        pending.cancel(id)?.cancel()
    }

    /// Closes the connection; all its calls fail with the reason.
    func close(_ reason: RedisError) {
        end(reason)
        context?.close(promise: nil)
    }

    /// Takes no more calls, and closes when the last reply is there.
    func closeWhenIdle(_ reason: RedisError) {
        flush()
        outbox.withLockedValue { $0.closed = $0.closed ?? reason }
        closesWhenIdle = true
        closeIfIdle()
    }

    // MARK: In

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(Self.lost(nil))
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastRead = .now()
        do {
            try parser.parse(unwrapInboundIn(data)) { reply in
                switch pending.takeTurn() {
                case .deliver(let waiter, let isLast): waiter.deliver(reply, isLast: isLast)
                case .discard: break
                case .unexpected: throw Self.unasked(reply)
                }
            }
        } catch {
            close(error as? RedisError ?? Self.lost(error))
            return
        }
        outbox.withLockedValue { $0.inFlight = pending.count }
        if closesWhenIdle {
            closeIfIdle()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(Self.lost(nil))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(Self.lost(error))
    }

    // MARK: Ends and deadlines

    /// Ends all calls; the first reason stays.
    private func end(_ reason: RedisError) {
        timer?.cancel()
        timer = nil
        timerDue = .distantFuture
        let (reason, unsent) = outbox.withLockedValue { outbox in
            let reason = outbox.closed ?? reason
            outbox.closed = reason
            outbox.bytes = ByteBuffer()
            defer { outbox.calls = [] }
            return (reason, outbox.calls)
        }
        for waiter in pending.drain() {
            waiter.fail(reason.sent(true))
        }
        for call in unsent {
            call.waiter?.fail(reason.unsent)
        }
    }

    private func closeIfIdle() {
        guard pending.isEmpty else { return }
        context?.close(promise: nil)
    }

    private func armTimer(_ due: NIODeadline) {
        guard due < timerDue, let context else { return }
        timer?.cancel()
        timerDue = due
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: timerDue) { self.deadlineReached() }
    }

    private func deadlineReached() {
        timer = nil
        timerDue = .distantFuture
        let now = NIODeadline.now()
        for waiter in pending.expire(now: now) {
            waiter.fail(RedisError(.timeout, "no reply in time: check whether the server is overloaded", wasSent: true))
        }
        let stallTime = pending.stallTime(now: now, lastRead: lastRead, limit: silenceLimit) ?? .distantFuture
        guard stallTime > now else {
            close(RedisError(.connectionLost, "the server is silent: check whether it hangs", wasSent: true))
            return
        }
        armTimer(min(pending.nextDeadline, stallTime))
    }

    private static func lost(_ cause: (any Error)?) -> RedisError {
        RedisError(.connectionLost, "the connection to the server ended", cause: cause, wasSent: true)
    }

    /// A server that refuses a client, such as one too many, says so unasked.
    private static func unasked(_ reply: RESPValue) -> RedisError {
        if let error = reply.redisError { return error }
        return RedisError(.protocolViolation, "the server sent a reply that nobody asked for", wasSent: true)
    }
}
