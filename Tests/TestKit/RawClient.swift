import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A TCP client that sends what it is given, byte for byte, and keeps what comes back.
package final class RawClient: Sendable {
    private let channel: any Channel
    private let log: NIOLockedValueBox<String>

    /// Connects to a port of this machine.
    ///
    /// - Parameters:
    ///   - port: the port.
    ///   - reads: whether it takes what the server sends.
    /// - Throws: what the system says.
    package init(port: Int, reads: Bool = true) async throws {
        let log = NIOLockedValueBox("")
        self.log = log
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: reads)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Recorder(log: log))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .get()
    }

    /// Sends text.
    ///
    /// - Parameter text: what to send.
    /// - Throws: what the system says.
    package func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    /// All that has come so far.
    package var received: String { log.withLockedValue { $0 } }

    /// Whether the server has not closed the connection.
    package var isOpen: Bool { channel.isActive }

    /// Closes the connection.
    package func close() async {
        // The server may have closed it already, which is as well.
        try? await channel.close()
    }
}

private final class Recorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let log: NIOLockedValueBox<String>

    init(log: NIOLockedValueBox<String>) {
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let text = String(buffer: unwrapInboundIn(data))
        log.withLockedValue { $0 += text }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
