import HTTPTypes
import Logging
import Model
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes

@testable import APIGateway

/// A connection without a socket and with a clock of its own: the parser with the guards around it, the
/// test in the application's place.
final class TestConnection {
    let channel: EmbeddedChannel
    let limit: ConnectionLimit
    private let socket = TestSocket()
    private let faults = Faults()

    init(limit: ConnectionLimit = ConnectionLimit(count: 10, logger: Logger(label: "test"))) throws {
        self.limit = limit
        let connection = Connection(times: ClientTimes(), now: .uptimeNanoseconds(0))
        channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers([
            socket, RequestGate(connection), GuardedHTTPChannel.parser(),
            ConnectionHandler(connection, limit: limit, logger: Logger(label: "test")), faults,
        ])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    // MARK: The client

    func send(_ text: String) throws {
        try channel.writeInbound(ByteBuffer(string: text))
    }

    func sendEnd() {
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    /// What the client has got since it was last asked.
    func received() throws -> String {
        var text = ""
        while let part = try channel.readOutbound(as: IOData.self) {
            if case .byteBuffer(let bytes) = part { text += String(buffer: bytes) }
        }
        return text
    }

    /// Whether the client takes what is written for it.
    var isReading: Bool {
        get { socket.isOpen }
        set { socket.isOpen = newValue }
    }

    var isOpen: Bool { channel.isActive }

    /// The gateway's graceful stop begins.
    func stop() {
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }

    func run() {
        channel.embeddedEventLoop.run()
    }

    func advance(_ time: TimeAmount) {
        channel.embeddedEventLoop.advanceTime(by: time)
    }

    // MARK: The application

    /// The next part that the application gets, in words.
    func requested() throws -> String? {
        switch try channel.readInbound(as: HTTPRequestPart.self) {
        case .head(let request): "\(request.method) \(request.path ?? "") \(request.authority ?? "")"
        case .body(let bytes): String(buffer: bytes)
        case .end: "end"
        case nil: nil
        }
    }

    /// What the application hears has gone wrong with its request.
    var fault: Failure? { faults.last }

    func wantBody() {
        channel.triggerUserOutboundEvent(BodyWanted(), promise: nil)
    }

    func answer(_ status: HTTPResponse.Status = .ok, body: String = "1") throws {
        let fields: HTTPFields = [.contentLength: "\(body.utf8.count)"]
        channel.write(HTTPResponsePart.head(HTTPResponse(status: status, headerFields: fields)), promise: nil)
        channel.write(HTTPResponsePart.body(ByteBuffer(string: body)), promise: nil)
        channel.writeAndFlush(HTTPResponsePart.end(nil), promise: nil)
        run()
    }
}

private final class Faults: ChannelInboundHandler {
    typealias InboundIn = HTTPRequestPart

    private(set) var last: Failure?

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        last = error as? Failure
    }
}

/// A socket whose peer may stop reading: what is written then waits, as it does in the system.
private final class TestSocket: ChannelOutboundHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private var context: ChannelHandlerContext?
    private var waiting: [(data: NIOAny, promise: EventLoopPromise<Void>?)] = []
    var isOpen = true {
        didSet { if isOpen, let context { flush(context: context) } }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        waiting.append((data, promise))
    }

    /// The embedded channel knows no half of a connection.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .all { context.close(promise: promise) } else { promise?.succeed() }
    }

    func flush(context: ChannelHandlerContext) {
        guard isOpen else { return }
        let sent = waiting
        waiting = []
        for (data, promise) in sent { context.write(data, promise: promise) }
        context.flush()
    }
}
