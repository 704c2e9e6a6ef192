import CHiredis
import NIOCore

/// Turns bytes from the server into replies, through hiredis' reader with object functions of our own.
///
/// The reader calls back for each value that it finds; ``ReplyBuilder`` puts them together, and no tree of
/// redisReply is made on the way. Belongs to one connection and stays on its event loop.
@safe final class ReplyParser {
    /// hiredis moves what is left in its buffer after each kilobyte of replies, so it is fed in pieces of this size:
    /// with more, that moving costs more than the parsing.
    private static let pieceSize = 8 * 1024

    private let reader: UnsafeMutablePointer<redisReader>
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let builder: UnsafeMutablePointer<ReplyBuilder>

    /// Makes a parser for a new connection; nil where memory is out.
    init?() {
        let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        unsafe functions.initialize(to: ReplyBuilder.objectFunctions)
        guard let reader = unsafe redisReaderCreateWithFunctions(functions) else {
            unsafe functions.deallocate()
            return nil
        }
        let builder = UnsafeMutablePointer<ReplyBuilder>.allocate(capacity: 1)
        unsafe builder.initialize(to: ReplyBuilder())
        unsafe reader.pointee.privdata = UnsafeMutableRawPointer(builder)
        unsafe self.functions = unsafe functions
        unsafe self.reader = unsafe reader
        unsafe self.builder = unsafe builder
    }

    deinit {
        // The reader goes first: it may still point at the other two.
        unsafe redisReaderFree(reader)
        unsafe functions.deallocate()
        unsafe builder.deinitialize(count: 1)
        unsafe builder.deallocate()
    }

    /// Parses what arrived and hands out each reply that is complete.
    ///
    /// After an error the reader is of no more use, and so is the connection.
    ///
    /// - Parameters:
    ///   - buffer: The bytes that arrived.
    ///   - deliver: Gets the replies in their order.
    /// - Throws: ``RedisError`` with code `protocolViolation`, or what `deliver` throws.
    func parse(_ buffer: ByteBuffer, deliver: (RESPValue) throws -> Void) throws {
        // Safe: the pointers are used only inside the closure, and hiredis copies what it keeps.
        try unsafe buffer.withUnsafeReadableBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                let count = min(Self.pieceSize, bytes.count - offset)
                let start = unsafe bytes.baseAddress?.advanced(by: offset).assumingMemoryBound(to: CChar.self)
                guard unsafe redisReaderFeed(reader, start, count) == REDIS_OK else { throw violation() }
                offset += count
                try takeReplies(deliver)
            }
        }
    }

    private func takeReplies(_ deliver: (RESPValue) throws -> Void) throws {
        while true {
            var token: UnsafeMutableRawPointer?
            guard unsafe redisReaderGetReply(reader, &token) == REDIS_OK else { throw violation() }
            guard unsafe token != nil, let reply = unsafe builder.pointee.takeReply() else { return }
            try deliver(reply)
        }
    }

    private func violation() -> RedisError {
        let reason = unsafe withUnsafeBytes(of: reader.pointee.errstr) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return RedisError(
            .protocolViolation,
            "the peer's answer is not the Redis protocol (\(reason)): check that the address is that of a Redis server",
            wasSent: true
        )
    }
}
