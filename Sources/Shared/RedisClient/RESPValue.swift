/// One reply of Redis, in the terms of its protocol (RESP2).
///
/// A bulk string is a sequence of bytes. One that is valid UTF-8 arrives as ``bulkString(_:)``, which keeps its bytes
/// exactly (``bytes`` gives them back) and costs no allocation up to 15 bytes; any other one as ``bulkBytes(_:)``.
/// Read replies through ``string``, ``int``, ``bytes``, ``array``, ``map`` and ``pairs``, which treat both alike.
package enum RESPValue: Sendable, Hashable {
    /// A status line, such as `OK`.
    case simpleString(String)
    /// An error inside an array, such as one of EXEC's replies; the text without the leading `-`.
    case error(String)
    /// A whole number.
    case integer(Int)
    /// A bulk string that is valid UTF-8.
    case bulkString(String)
    /// A bulk string that is not valid UTF-8.
    case bulkBytes([UInt8])
    /// A list of replies, which may be lists again.
    case array([RESPValue])
    /// No value: the null bulk string or the null array.
    case null
}

extension RESPValue {
    /// The text of a simple or bulk string, or a number in digits; nil for anything else.
    ///
    /// Bytes that are not UTF-8 read as U+FFFD; ``bytes`` has them as they are.
    package var string: String? {
        switch self {
        case .bulkString(let text), .simpleString(let text): text
        case .integer(let number): String(number)
        case .bulkBytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .error, .array, .null: nil
        }
    }

    /// The number of an integer reply, or that a string spells in digits; nil for anything else.
    package var int: Int? {
        switch self {
        case .integer(let number): number
        case .bulkString(let text), .simpleString(let text): Int(text)
        case .bulkBytes, .error, .array, .null: nil
        }
    }

    /// The bytes of a simple or bulk string, exactly as the server sent them; nil for anything else.
    package var bytes: [UInt8]? {
        switch self {
        case .bulkBytes(let bytes): bytes
        case .bulkString(let text), .simpleString(let text): Array(text.utf8)
        case .integer, .error, .array, .null: nil
        }
    }

    /// The elements of an array; nil for anything else.
    package var array: [RESPValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The strings of an array whose elements are all strings or numbers; nil for anything else.
    package var strings: [String]? {
        guard case .array(let elements) = self else { return nil }
        var strings: [String] = []
        strings.reserveCapacity(elements.count)
        for element in elements {
            guard let string = element.string else { return nil }
            strings.append(string)
        }
        return strings
    }

    /// The fields of a flat reply such as HGETALL's, by name; nil where the reply is no list of string pairs.
    ///
    /// Of fields that Swift holds for equal (canonically equivalent, or repaired to the same text) the last one
    /// stays; ``pairs`` has them all.
    package var map: [String: String]? {
        guard case .array(let elements) = self, elements.count.isMultiple(of: 2) else { return nil }
        var map: [String: String] = [:]
        map.reserveCapacity(elements.count / 2)
        var index = 0
        while index < elements.count {
            guard let name = elements[index].string, let value = elements[index + 1].string else { return nil }
            map[name] = value
            index += 2
        }
        return map
    }

    /// The pairs of a flat reply such as HGETALL's, in the server's order; nil where the reply is no list of pairs.
    package var pairs: [(key: String, value: RESPValue)]? {
        guard case .array(let elements) = self, elements.count.isMultiple(of: 2) else { return nil }
        var pairs: [(key: String, value: RESPValue)] = []
        pairs.reserveCapacity(elements.count / 2)
        var index = 0
        while index < elements.count {
            guard let name = elements[index].string else { return nil }
            pairs.append((key: name, value: elements[index + 1]))
            index += 2
        }
        return pairs
    }

    /// Whether the reply is the null bulk string or the null array.
    package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The error that an error reply stands for; nil for anything else.
    package var redisError: RedisError? {
        guard case .error(let text) = self else { return nil }
        return RedisError(reply: text)
    }
}
