import HTTPTypes
import Logging
import Model
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// The application is about to read the body of the request that is under way.
struct BodyWanted: Sendable {}

/// The connection is to close if it is idle, to make room for others.
struct MakeRoom: Sendable {}

/// Carries out what the connection's state machine decides.
///
/// It stands between the parser and the application and speaks the types of both, since each further handler would cost time
/// for each part of each request.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = IOData

    private let connection: Connection
    private let limit: ConnectionLimit
    private let logger: Logger
    private var slot: ConnectionLimit.Slot?
    private var timer: (task: Scheduled<Void>, deadline: NIODeadline)?
    private var encoder = ResponseEncoder()
    /// The part of the answer that is not passed on yet: most answers are sent in one piece.
    private var answer: ByteBuffer?
    private var isFlushing = false
    private var isAnswerTaken = false

    /// The initial capacity for an answer: most fit.
    private static let piece = 512
    /// From this size on the parts of an answer are sent one by one.
    private static let gathered = 16 << 10

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
                guard let request = try connection.state.receive(received, at: context.eventLoop.now) else { return }
                if let slot { limit.isBusy(slot) }
                context.fireChannelRead(wrapInboundOut(.head(request)))
            } catch {
                refuse(error, context)
            }
        case .body(let bytes):
            if connection.state.receiveBody(bytes.readableBytes) {
                context.fireChannelRead(wrapInboundOut(.body(bytes)))
            }
        case .end:
            // No call reads what may come behind a body.
            if connection.state.receiveEnd() { context.fireChannelRead(wrapInboundOut(.end(nil))) }
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
            switch connection.state.inputClosed() {
            case .closeInTurn: return closeInTurn(context)
            case .close: context.close(promise: nil)
            case .goOn: break
            }
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
        write(refusal.head, isLast: true)
        write(body: ByteBuffer(string: "0"), context)
        writeEnd(nil, context, promise: nil)
        flush(context: context)
    }

    // MARK: Answers

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is BodyWanted else { return context.triggerUserOutboundEvent(event, promise: promise) }
        if connection.state.wantsBody() {
            context.writeAndFlush(wrapOutboundOut(.byteBuffer(ResponseEncoder.goOn)), promise: nil)
        }
        promise?.succeed()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        if case .head(let head) = part {
            guard connection.state.beginAnswer(isFull: limit.isFull) else { return drop(promise) }
            write(head, isLast: connection.state.isLast)
        }
        guard connection.state.isAnswerBegun else { return drop(promise) }
        if case .body(let bytes) = part { write(body: bytes, context) }
        if case .end(let trailers) = part {
            connection.state.endAnswer()
            writeEnd(trailers, context, promise: promise)
        } else if let promise {
            passOn(context, promise: promise)
        }
    }

    /// The connection has ended, and nobody would read the rest.
    private func drop(_ promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.outputClosed)
    }

    private func write(_ head: HTTPResponse, isLast: Bool) {
        var buffer = ByteBufferAllocator().buffer(capacity: Self.piece)
        encoder.write(head, isLast: isLast, to: &buffer)
        answer = buffer
    }

    private func write(body part: ByteBuffer, _ context: ChannelHandlerContext) {
        // What is long is not gathered, so that memory holds two parts of it at most.
        if let answer, answer.readableBytes > Self.gathered { passOn(context, promise: nil) }
        // Taken out, so that the bytes have one owner and are not copied.
        var buffer = answer.take() ?? ByteBuffer()
        encoder.write(body: part, to: &buffer)
        answer = buffer
    }

    private func writeEnd(_ trailers: HTTPFields?, _ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        let taken = context.eventLoop.makePromise(of: Void.self)
        if promise != nil { taken.futureResult.cascade(to: promise) }
        taken.futureResult.assumeIsolated().whenSuccess { [self] in
            isAnswerTaken = true
            // Within the socket's own work the connection stays as it is; what follows comes after.
            if !isFlushing { context.eventLoop.assumeIsolated().execute { self.proceed(context) } }
        }
        var buffer = answer.take() ?? ByteBuffer()
        encoder.write(end: trailers, to: &buffer)
        answer = buffer
        passOn(context, promise: taken)
    }

    private func passOn(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        guard let bytes = answer.take() else {
            promise?.succeed()
            return
        }
        context.write(wrapOutboundOut(.byteBuffer(bytes)), promise: promise)
    }

    func flush(context: ChannelHandlerContext) {
        passOn(context, promise: nil)
        isFlushing = true
        context.flush()
        isFlushing = false
        if isAnswerTaken { return proceed(context) }
        if connection.state.phase == .answering { stalls(context) }
    }

    /// The application closes its output after its last answer; the client has to receive that first.
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

    /// Keeps a timer that fires at the deadline or earlier; one that fires earlier is set again.
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
        case .closeInTurn: closeInTurn(context)
        case .fault(let fault): meet(fault, context)
        case .none: break
        }
    }

    /// Closes an idle connection; one after another where many are over at once, so that requests get through between them.
    private func closeInTurn(_ context: ChannelHandlerContext) {
        let now = context.eventLoop.now
        let turn = limit.closingTurn(at: now)
        guard turn > now else { return context.close(promise: nil) }
        connection.state.closes(at: turn)
        schedule(context)
    }

    private func unsentBytes(_ context: ChannelHandlerContext) -> Int {
        // An option that every socket has; a channel without it has nothing unsent.
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}
