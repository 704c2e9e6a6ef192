import CHiredis

/// Puts the values that hiredis' reader finds together to one reply.
///
/// The reader works depth first, so the arrays that are still open form a stack, and each value belongs to the one on
/// top. The callbacks reach the builder through the reader's `privdata`.
struct ReplyBuilder {
    /// Room reserved for an array at most: its length is the peer's claim until the elements are there.
    private static let reservation = 4096

    private struct OpenArray {
        var elements: [RESPValue]
        var missing: Int
    }

    private var open: [OpenArray] = []
    private var reply: RESPValue?

    mutating func takeReply() -> RESPValue? {
        reply.take()
    }

    private mutating func add(_ value: RESPValue) {
        guard let top = open.indices.last else {
            reply = value
            return
        }
        open[top].elements.append(value)
        open[top].missing -= 1
        guard open[top].missing == 0 else { return }
        let complete = open.removeLast()
        add(.array(complete.elements))
    }

    private mutating func openArray(_ count: Int) {
        guard count > 0 else {
            add(.array([]))
            return
        }
        var elements: [RESPValue] = []
        elements.reserveCapacity(min(count, Self.reservation))
        open.append(OpenArray(elements: elements, missing: count))
    }

    private static func string(_ bytes: UnsafeBufferPointer<UInt8>, type: Int32) -> RESPValue {
        if type == REDIS_REPLY_STRING {
            // `validating` is generic code in the standard library and costs three times as much, so it is for the few.
            if unsafe isASCII(bytes) { return unsafe .bulkString(String(decoding: bytes, as: UTF8.self)) }
            if let text = unsafe String(validating: bytes, as: UTF8.self) { return .bulkString(text) }
            return unsafe .bulkBytes(Array(bytes))
        }
        let text = unsafe String(decoding: bytes, as: UTF8.self)
        return type == REDIS_REPLY_ERROR ? .error(text) : .simpleString(text)
    }
}

extension ReplyBuilder {
    /// Compares eight bytes at a time.
    private static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let raw = UnsafeRawBufferPointer(bytes)
        var offset = 0
        while offset + 8 <= raw.count {
            let eight = unsafe raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            guard eight & 0x8080_8080_8080_8080 == 0 else { return false }
            offset += 8
        }
        while offset < raw.count {
            guard unsafe raw[offset] < 0x80 else { return false }
            offset += 1
        }
        return true
    }

    /// The callbacks for the reader.
    ///
    /// Each returns a pointer that hiredis only compares with NULL and returns; it owns nothing, so there is
    /// nothing to free. Safe because `privdata` is set before the reader gets its first byte, points at a builder that
    /// lives as long as the reader, and is used on the connection's event loop only.
    static var objectFunctions: redisReplyObjectFunctions {
        unsafe redisReplyObjectFunctions(
            createString: { task, start, length in
                guard let task = unsafe task, let builder = unsafe ReplyBuilder.of(task) else { return nil }
                let bytes = unsafe UnsafeRawBufferPointer(start: start, count: length).assumingMemoryBound(
                    to: UInt8.self
                )
                unsafe builder.pointee.add(ReplyBuilder.string(bytes, type: task.pointee.type))
                return unsafe task.pointee.privdata
            },
            createArray: { task, count in
                guard let task = unsafe task, let builder = unsafe ReplyBuilder.of(task) else { return nil }
                unsafe builder.pointee.openArray(Int(count))
                return unsafe task.pointee.privdata
            },
            createInteger: { task, number in
                guard let task = unsafe task, let builder = unsafe ReplyBuilder.of(task) else { return nil }
                unsafe builder.pointee.add(.integer(Int(number)))
                return unsafe task.pointee.privdata
            },
            createNil: { task in
                guard let task = unsafe task, let builder = unsafe ReplyBuilder.of(task) else { return nil }
                unsafe builder.pointee.add(.null)
                return unsafe task.pointee.privdata
            },
            freeObject: { _ in }
        )
    }

    private static func of(_ task: UnsafePointer<redisReadTask>) -> UnsafeMutablePointer<ReplyBuilder>? {
        unsafe task.pointee.privdata?.assumingMemoryBound(to: ReplyBuilder.self)
    }
}
