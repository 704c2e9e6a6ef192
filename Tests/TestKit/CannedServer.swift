import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A server that sends bytes that it was given, whatever clients ask for.
package final class CannedServer: Sendable {
    /// When to send them.
    package enum Moment: Sendable {
        case onConnect
        /// When the request's head is there.
        case onRequest
    }

    private let channel: any Channel
    private let received: NIOLockedValueBox<[String]>

    package var base: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    /// What each client has sent up to now, in the order in which they came.
    package var requests: [String] { received.withLockedValue { $0 } }

    /// Starts one that sends each client the same.
    ///
    /// - Parameters:
    ///   - bytes: what it sends, and then closes the connection; nil to say nothing at all.
    ///   - moment: when.
    /// - Throws: what the system says.
    package convenience init(_ bytes: String?, _ moment: Moment = .onRequest) async throws {
        try await self.init(answers: [bytes], moment)
    }

    /// Starts one.
    ///
    /// - Parameters:
    ///   - answers: what it sends the first client, the second one, and so on; those that come later get the last one.
    ///   - moment: when.
    /// - Throws: what the system says.
    package init(answers: [String?], _ moment: Moment = .onRequest) async throws {
        let received = NIOLockedValueBox<[String]>([])
        self.received = received
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let number = received.withLockedValue { received in
                        received.append("")
                        return received.count - 1
                    }
                    let answer = CannedAnswer(answers[min(number, answers.count - 1)], moment) { more in
                        received.withLockedValue { $0[number] += more }
                    }
                    try channel.pipeline.syncOperations.addHandler(answer)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    package func stop() async throws { try await channel.close() }
}

private final class CannedAnswer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let bytes: String?
    private let moment: CannedServer.Moment
    private let note: @Sendable (String) -> Void
    private var received = ""

    init(_ bytes: String?, _ moment: CannedServer.Moment, _ note: @escaping @Sendable (String) -> Void) {
        (self.bytes, self.moment, self.note) = (bytes, moment, note)
    }

    func channelActive(context: ChannelHandlerContext) {
        if moment == .onConnect { answer(context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let more = String(buffer: unwrapInboundIn(data))
        received += more
        note(more)
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
