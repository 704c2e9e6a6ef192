import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// HTTP/1.1 behind guards that limit the bytes and the time of each connection.
struct GuardedHTTPChannel: HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let responder: Responder
    let limit: ConnectionLimit
    /// Nil for plain HTTP.
    let security: TransportSecurity?
    var times = ClientTimes()

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try SocketOptions.set(on: channel)
            // What is limited behind it is what the client sends under TLS; the time of the handshake counts as that of a head.
            try security?.secure(channel)
            let connection = Connection(times: times, now: channel.eventLoop.now)
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(RequestGate(connection))
            try pipeline.addHandler(Self.parser())
            try pipeline.addHandler(ConnectionHandler(connection, limit: limit, logger: logger))
            return try Value(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true)
            )
        }
    }

    func handle(value: Value, logger: Logger) async {
        await handleHTTP(asyncChannel: value, logger: logger)
    }

    /// NIO's parser, which takes heads of up to 16 KiB.
    static func parser() -> ByteToMessageHandler<HTTPRequestDecoder> {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 8 << 10
        limits.maxHeaderListSize = 16 << 10
        limits.maxHeaderFieldCount = 100
        return ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits))
    }
}
