import NIOCore

/// Passes the parser the bytes of one request at a time, and keeps the rest: at most what one read of the socket returned.
///
/// The parser consumes all that it gets: without this gate, many requests sent at once would all be parsed, kept in memory
/// and begun.
final class RequestGate: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let connection: Connection
    private var held: ByteBuffer?
    private var hasInputClosed = false
    private var blankLine = BlankLine()

    init(_ connection: Connection) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if held == nil {
            held = bytes
        } else {
            held?.writeBuffer(&bytes)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        pass(context)
    }

    /// A later handler wants more.
    ///
    /// While an answer is under way the socket may be read once. Most clients wait for each answer; so the socket need not be
    /// removed from the poll and added again for each request.
    func read(context: ChannelHandlerContext) {
        if held == nil {
            context.read()
        } else if connection.state.portion != .none {
            pass(context)
            if held == nil { context.read() }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if held != nil, case ChannelEvent.inputClosed = event {
            hasInputClosed = true
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func pass(_ context: ChannelHandlerContext) {
        while let portion = next(context) { context.fireChannelRead(wrapInboundOut(portion)) }
        connection.state.holdsBytes = held != nil
        context.fireChannelReadComplete()
        guard held == nil else { return }
        if hasInputClosed {
            hasInputClosed = false
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
        // What is behind may have stopped asking for good, with the last answer.
        if connection.state.phase == .draining { context.read() }
    }

    private func next(_ context: ChannelHandlerContext) -> ByteBuffer? {
        guard var bytes = held, bytes.readableBytes > 0 else {
            held = nil
            return nil
        }
        let portion: ByteBuffer?
        switch connection.state.portion {
        case .none: return nil
        case .discarded:
            if connection.state.discarded(bytes.readableBytes) { context.close(promise: nil) }
            held = nil
            return nil
        case .bytes(let count): portion = bytes.readSlice(length: min(count, bytes.readableBytes))
        case .throughBlankLine:
            portion = bytes.readSlice(length: bytes.withUnsafeReadableBytes { blankLine.end(in: $0) })
        }
        held = bytes.readableBytes > 0 ? bytes : nil
        connection.state.bytesCame(at: context.eventLoop.now)
        return portion
    }
}

/// Finds blank lines in bytes that arrive in pieces.
struct BlankLine {
    /// How much of CR LF CR LF the last bytes were.
    private var matched = 0

    /// The number of bytes through the first blank line; all of them where none ends in them.
    mutating func end(in bytes: UnsafeRawBufferPointer) -> Int {
        var matched = matched
        defer { self.matched = matched }
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "\r"): matched = matched == 2 ? 3 : 1
            case UInt8(ascii: "\n") where matched == 3:
                matched = 0
                return index + 1
            case UInt8(ascii: "\n") where matched == 1: matched = 2
            default: matched = 0
            }
        }
        return bytes.count
    }
}
