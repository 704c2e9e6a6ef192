import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// Hummingbird's HTTP/1.1 channel with guards before it: whoever holds a connection has its limits in bytes and time.
struct GuardedHTTPChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    let http: HTTP1Channel
    let limit: ConnectionLimit
    let times: ClientTimes

    init(responder: @escaping HTTPChannelHandler.Responder, limit: ConnectionLimit, times: ClientTimes = ClientTimes())
    {
        // A request's head is at most 16 KiB. How long a connection may be idle is for the guards to say.
        http = HTTP1Channel(
            responder: responder,
            configuration: HTTP1Channel.Configuration(
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 8 << 10,
                    maxHeaderListSize: 16 << 10,
                    maxHeaderFieldCount: 100
                )
            )
        )
        self.limit = limit
        self.times = times
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        http.setup(channel: channel, logger: logger).flatMapThrowing { value in
            try SocketOptions.set(on: channel)
            try addGuards(to: channel, logger: logger)
            return value
        }
    }

    func handle(value: Value, logger: Logger) async {
        await http.handle(value: value, logger: logger)
    }

    private func addGuards(to channel: any Channel, logger: Logger) throws {
        let pipeline = channel.pipeline.syncOperations
        let connection = Connection(times: times, now: channel.eventLoop.now)
        let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        try pipeline.addHandler(RequestGate(connection), position: .before(parser))
        let handler = ConnectionHandler(connection, limit: limit, logger: logger)
        try pipeline.addHandler(handler, position: .after(parser))
    }
}
