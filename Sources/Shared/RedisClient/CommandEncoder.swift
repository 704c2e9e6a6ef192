import NIOCore

/// Writes commands in the form that Redis reads them (RESP2: an array of bulk strings).
///
/// One pass for the size, one reservation, one pass of plain stores into the connection's own buffer. hiredis'
/// redisFormatCommandArgv makes the same bytes, but in memory of its own that is then copied and freed, from argument
/// pointers that Swift strings do not have lying about.
enum CommandEncoder {
    /// Appends a command to a buffer.
    ///
    /// - Parameters:
    ///   - command: The command to write.
    ///   - buffer: Gets the bytes.
    static func encode(_ command: RedisCommand, into buffer: inout ByteBuffer) {
        let nameLength = command.name.utf8.count
        var size = headerLength(command.arguments.count + 1) + bulkLength(nameLength)
        for argument in command.arguments {
            size += bulkLength(length(of: argument))
        }
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { target in
            var writer = unsafe Writer(target: target)
            writer.header("*", command.arguments.count + 1)
            writer.bulk(command.name, length: nameLength)
            for argument in command.arguments {
                switch argument {
                case .string(let text): writer.bulk(text, length: text.utf8.count)
                case .bytes(let bytes): writer.bulk(bytes)
                case .integer(let number): writer.bulk(number)
                }
            }
            return writer.written
        }
    }

    private static func length(of argument: RedisArgument) -> Int {
        switch argument {
        case .string(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        case .integer(let number): decimalLength(number)
        }
    }

    private static func bulkLength(_ length: Int) -> Int {
        headerLength(length) + length + 2
    }

    /// A type byte, the number, a line end.
    private static func headerLength(_ number: Int) -> Int {
        decimalLength(number) + 3
    }

    static func decimalLength(_ number: Int) -> Int {
        var length = number < 0 ? 2 : 1
        var rest = number.magnitude
        while rest >= 10 {
            rest /= 10
            length += 1
        }
        return length
    }
}

/// Stores bytes one after another.
///
/// Safe because `encode` reserves exactly the bytes that are stored, counted by the same functions; each store also
/// goes through a buffer pointer, which checks its bounds in debug builds.
@safe private struct Writer {
    private let target: UnsafeMutableRawBufferPointer
    private(set) var written = 0

    init(target: UnsafeMutableRawBufferPointer) {
        unsafe self.target = unsafe target
    }

    mutating func header(_ type: Unicode.Scalar, _ number: Int) {
        store(UInt8(truncatingIfNeeded: type.value))
        decimal(number)
        lineEnd()
    }

    mutating func bulk(_ text: String, length: Int) {
        header("$", length)
        var text = text
        text.withUTF8 { unsafe store($0) }
        lineEnd()
    }

    mutating func bulk(_ bytes: [UInt8]) {
        header("$", bytes.count)
        unsafe bytes.withUnsafeBufferPointer { unsafe store($0) }
        lineEnd()
    }

    mutating func bulk(_ number: Int) {
        header("$", CommandEncoder.decimalLength(number))
        decimal(number)
        lineEnd()
    }

    private mutating func decimal(_ number: Int) {
        let length = CommandEncoder.decimalLength(number)
        var rest = number.magnitude
        var index = written + length - 1
        repeat {
            unsafe target[index] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
            index -= 1
        } while rest > 0
        if number < 0 {
            unsafe target[index] = 45
        }
        written += length
    }

    private mutating func lineEnd() {
        store(13)
        store(10)
    }

    private mutating func store(_ byte: UInt8) {
        unsafe target[written] = byte
        written += 1
    }

    private mutating func store(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[written..<(written + bytes.count)])
            .copyMemory(from: UnsafeRawBufferPointer(start: source, count: bytes.count))
        written += bytes.count
    }
}
