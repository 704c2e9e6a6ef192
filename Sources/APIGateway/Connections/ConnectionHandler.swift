import Logging
import Model
import NIOCore
import NIOHTTP1

/// The application is about to read the body of the request that is under way.
struct BodyWanted: Sendable {}

/// The connection gives way to others where it does nothing.
struct MakeRoom: Sendable {}

/// Does what the connection's state says: one request at a time, each part of it in time, and a last answer that arrives.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let connection: Connection
    private let limit: ConnectionLimit
    private let logger: Logger
    private var slot: ConnectionLimit.Slot?
    private var timer: (task: Scheduled<Void>, deadline: NIODeadline)?
    /// A part of the answer's body that is not passed on yet: it may be the last one.
    private var body: NIOAny?
    private var isLengthKnown = false
    private var isFlushing = false
    private var isAnswerTaken = false

    init(_ connection: Connection, limit: ConnectionLimit, logger: Logger) {
        self.connection = connection
        self.limit = limit
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        slot = limit.add(context.channel)
        schedule(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.state.close()
        leave()
        context.fireChannelInactive()
    }

    private func leave() {
        timer?.task.cancel()
        timer = nil
        if let slot { limit.remove(slot) }
        slot = nil
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let received):
            do throws(Refusal) {
                guard let head = try connection.state.receive(received, at: context.eventLoop.now) else { return }
                if let slot { limit.isBusy(slot) }
                context.fireChannelRead(wrapInboundOut(.head(head)))
            } catch {
                refuse(error, context)
            }
        case .body(let bytes):
            if connection.state.receiveBody(bytes.readableBytes) { context.fireChannelRead(data) }
        case .end:
            if connection.state.receiveEnd() { context.fireChannelRead(data) }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        schedule(context)
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else { return context.fireErrorCaught(error) }
        meet(connection.state.parserFailed(error), context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            if connection.state.stop(at: context.eventLoop.now) {
                context.close(promise: nil)
            } else {
                schedule(context)
            }
        case is MakeRoom:
            if connection.state.isExpendable { context.close(promise: nil) } else { limit.makeRoom() }
        case ChannelEvent.inputClosed:
            if connection.state.inputClosed() { context.close(promise: nil) }
            context.fireUserInboundEventTriggered(event)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    private func meet(_ fault: ConnectionState.Fault, _ context: ChannelHandlerContext) {
        switch fault {
        case .refuse(let refusal): refuse(refusal, context)
        case .report(let failure): context.fireErrorCaught(failure)
        case .ignore: break
        }
    }

    private func refuse(_ refusal: Refusal, _ context: ChannelHandlerContext) {
        logger.debug(
            "a request is refused",
            metadata: ["status": "\(refusal.status.code)", "reason": "\(refusal.reason)"]
        )
        connection.state.refuse()
        let head = HTTPResponseHead(version: .http1_1, status: refusal.status, headers: refusal.fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        body = wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "0"))))
        isLengthKnown = true
        writeEnd(nil, context, promise: nil)
        flush(context: context)
    }

    // MARK: Answers

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is BodyWanted else { return context.triggerUserOutboundEvent(event, promise: promise) }
        if connection.state.wantsBody() {
            context.writeAndFlush(wrapOutboundOut(.head(.init(version: .http1_1, status: .continue))), promise: nil)
        }
        promise?.succeed()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            guard connection.state.beginAnswer(isFull: limit.isFull) else { return drop(promise) }
            isLengthKnown = head.headers.contains(name: "Content-Length")
            if connection.state.isLast { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            guard connection.state.isAnswerBegun else { return drop(promise) }
            writeBody(context)
            if promise == nil { body = data } else { context.write(data, promise: promise) }
        case .end(let trailers):
            guard connection.state.isAnswerBegun else { return drop(promise) }
            connection.state.endAnswer()
            writeEnd(trailers, context, promise: promise)
        }
    }

    private func writeBody(_ context: ChannelHandlerContext) {
        guard let part = body else { return }
        body = nil
        context.write(part, promise: nil)
    }

    /// Nobody would read it: the connection is at its end.
    private func drop(_ promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.outputClosed)
    }

    private func writeEnd(_ trailers: HTTPHeaders?, _ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?)
    {
        let taken = context.eventLoop.makePromise(of: Void.self)
        taken.futureResult.cascade(to: promise)
        taken.futureResult.assumeIsolated().whenSuccess { [self] in
            isAnswerTaken = true
            // Within the socket's own work the connection stays as it is; what follows comes after.
            if !isFlushing { context.eventLoop.assumeIsolated().execute { self.proceed(context) } }
        }
        // The end of an answer has no bytes where the length is known: the promise is its body's then, since one of its
        // own would be a write of nothing.
        if isLengthKnown, let last = body {
            body = nil
            context.write(last, promise: taken)
            context.write(wrapOutboundOut(.end(trailers)), promise: nil)
        } else {
            writeBody(context)
            context.write(wrapOutboundOut(.end(trailers)), promise: taken)
        }
    }

    func flush(context: ChannelHandlerContext) {
        writeBody(context)
        isFlushing = true
        context.flush()
        isFlushing = false
        if isAnswerTaken { return proceed(context) }
        if connection.state.phase == .answering { stalls(context) }
    }

    /// The application ends its output with its last answer; the client has to take that first.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        let isUnderWay = connection.state.phase == .answering || connection.state.phase == .draining
        guard mode == .output, isUnderWay else { return context.close(mode: mode, promise: promise) }
        promise?.succeed()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            if connection.state.phase == .serving { connection.state.flows() }
        } else if !isFlushing {
            stalls(context)
        }
        context.fireChannelWritabilityChanged()
    }

    private func stalls(_ context: ChannelHandlerContext) {
        connection.state.stalls(at: context.eventLoop.now, bytes: unsentBytes(context))
        schedule(context)
    }

    private func proceed(_ context: ChannelHandlerContext) {
        guard isAnswerTaken, connection.state.phase == .answering else { return }
        isAnswerTaken = false
        switch connection.state.answerTaken(at: context.eventLoop.now) {
        case .close: return context.close(promise: nil)
        case .drain:
            context.close(mode: .output, promise: nil)
            context.read()
        case .nextRequest:
            if connection.state.holdsBytes { context.channel.read() }
        }
        if connection.state.isExpendable, let slot { limit.isIdle(slot) }
        schedule(context)
    }

    // MARK: Time

    /// Sees to it that a timer runs out at the deadline or before; one that runs out before is set anew then.
    private func schedule(_ context: ChannelHandlerContext) {
        guard let deadline = connection.state.deadline else { return }
        if let timer {
            guard deadline < timer.deadline else { return }
            timer.task.cancel()
        }
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            timer = nil
            if let deadline = connection.state.deadline, deadline <= context.eventLoop.now { expire(context) }
            schedule(context)
        }
        timer = (task, deadline)
    }

    private func expire(_ context: ChannelHandlerContext) {
        switch connection.state.expire(at: context.eventLoop.now, unsent: unsentBytes(context)) {
        case .close: context.close(promise: nil)
        case .fault(let fault): meet(fault, context)
        case .none: break
        }
    }

    private func unsentBytes(_ context: ChannelHandlerContext) -> Int {
        // An option that every socket has; a channel without it has nothing unsent.
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}
