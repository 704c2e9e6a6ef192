import NIOCore
import NIOPosix
import RedisClient
import Synchronization

/// A TCP server on loopback that says what a test wants, for what a real Redis would never do.
///
/// It answers the first bytes on a connection (the client's log-in) with ``greeting``, all later ones with ``answer``.
final class FakeServer: Sendable {
    /// What to do when bytes arrive.
    enum Answer: Sendable {
        /// Sends this text.
        case say(String)
        /// Sends this text and closes the connection.
        case sayAndClose(String)
        /// Sends nothing.
        case silence
    }

    /// The right answers to CLIENT SETNAME and PING.
    static let welcome = Answer.say("+OK\r\n+PONG\r\n")

    private let channel: any Channel
    private let accepted: Counter

    init(greeting: Answer = FakeServer.welcome, answer: Answer) async throws {
        let accepted = Counter()
        self.accepted = accepted
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                accepted.value.wrappingAdd(1, ordering: .relaxed)
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Talker(greeting: greeting, answer: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
    }

    deinit {
        channel.close(promise: nil)
    }

    /// How a client reaches it.
    var configuration: RedisConfiguration {
        RedisConfiguration(endpoint: .tcp(host: "127.0.0.1", port: channel.localAddress?.port ?? 0))
    }

    /// How many connections it has accepted.
    var connections: Int { accepted.value.load(ordering: .relaxed) }
}

private final class Counter: Sendable {
    let value = Atomic<Int>(0)
}

private final class Talker: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var next: FakeServer.Answer
    private let answer: FakeServer.Answer

    init(greeting: FakeServer.Answer, answer: FakeServer.Answer) {
        self.next = greeting
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let now = next
        next = answer
        switch now {
        case .silence: break
        case .say(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .sayAndClose(let text):
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            context.close(promise: nil)
        }
    }
}
