/// One argument of a Redis command; on the wire each is a string of bytes.
package enum RedisArgument: Sendable, Hashable {
    /// Text, sent as UTF-8.
    case string(String)
    /// Bytes, sent as they are.
    case bytes([UInt8])
    /// A whole number, sent in decimal digits.
    case integer(Int)
}

/// A type whose values can stand as arguments of a Redis command.
package protocol RedisArgumentConvertible: Sendable {
    /// The value as an argument.
    var redisArgument: RedisArgument { get }
}

extension RedisArgument: RedisArgumentConvertible {
    /// The argument itself.
    package var redisArgument: RedisArgument { self }

    /// The argument as text; bytes that are not UTF-8 read as U+FFFD.
    package var text: String {
        switch self {
        case .string(let text): text
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let number): String(number)
        }
    }
}

extension String: RedisArgumentConvertible {
    /// The text, sent as UTF-8.
    package var redisArgument: RedisArgument { .string(self) }
}

extension Substring: RedisArgumentConvertible {
    /// The text, sent as UTF-8.
    package var redisArgument: RedisArgument { .string(String(self)) }
}

extension Int: RedisArgumentConvertible {
    /// The number in decimal digits.
    package var redisArgument: RedisArgument { .integer(self) }
}

extension Double: RedisArgumentConvertible {
    /// The number as Swift prints it, which Redis reads back to the same value.
    package var redisArgument: RedisArgument { .string(description) }
}

extension [UInt8]: RedisArgumentConvertible {
    /// The bytes as they are.
    package var redisArgument: RedisArgument { .bytes(self) }
}
