import NIOCore
import NIOPosix

/// A server that sends the same bytes to each client, whatever it asks for.
final class CannedServer: Sendable {
    /// When to send them.
    enum Moment: Sendable {
        case onConnect
        /// When the request's head is there.
        case onRequest
    }

    private let channel: any Channel

    var base: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    /// Starts one.
    ///
    /// - Parameters:
    ///   - bytes: what it sends, and then closes the connection; nil to say nothing at all.
    ///   - moment: when.
    /// - Throws: what the system says.
    init(_ bytes: String?, _ moment: Moment = .onRequest) async throws {
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(CannedAnswer(bytes, moment))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func stop() async throws { try await channel.close() }
}

private final class CannedAnswer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let bytes: String?
    private let moment: CannedServer.Moment
    private var received = ""

    init(_ bytes: String?, _ moment: CannedServer.Moment) { (self.bytes, self.moment) = (bytes, moment) }

    func channelActive(context: ChannelHandlerContext) {
        if moment == .onConnect { answer(context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += String(buffer: unwrapInboundIn(data))
        if moment == .onRequest, received.contains("\r\n\r\n") { answer(context) }
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard let bytes else { return }
        context.writeAndFlush(
            wrapOutboundOut(ByteBuffer(string: bytes.replacing("{request}", with: received))),
            promise: nil
        )
        context.close(mode: .output, promise: nil)
    }
}
