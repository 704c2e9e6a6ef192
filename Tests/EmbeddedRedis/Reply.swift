import RedisClient

/// What a command answers.
enum Reply {
    case status(String)
    case integer(Int)
    case bulk(Bytes)
    case array([Reply])
    case error(String)
    case null

    static let ok = Reply.status("OK")

    static func bulks(_ all: [Bytes]) -> Reply { .array(all.map(Reply.bulk)) }

    static func flag(_ isTrue: Bool) -> Reply { .integer(isTrue ? 1 : 0) }

    static func optional(_ bytes: Bytes?) -> Reply { bytes.map(Reply.bulk) ?? .null }
}

/// A command that was refused, with the text that Redis gives.
struct CommandError: Error {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    static let wrongType = CommandError("WRONGTYPE Operation against a key holding the wrong kind of value")
    static let syntax = CommandError("ERR syntax error")
    static let noInteger = CommandError("ERR value is not an integer or out of range")
    static let noFloat = CommandError("ERR value is not a valid float")
    static let overflow = CommandError("ERR increment or decrement would overflow")
    static let noSuchKey = CommandError("ERR no such key")

    static func arity(_ name: String) -> CommandError {
        CommandError("ERR wrong number of arguments for '\(name.lowercased())' command")
    }
}

extension RESPValue {
    /// The reply as the client would read it off the wire.
    init(_ reply: Reply) {
        switch reply {
        case .status(let text): self = .simpleString(text)
        case .integer(let number): self = .integer(number)
        case .bulk(let bytes):
            self =
                String(validating: bytes.storage, as: UTF8.self).map(RESPValue.bulkString) ?? .bulkBytes(bytes.storage)
        case .array(let elements): self = .array(elements.map(RESPValue.init))
        case .error(let text): self = .error(text)
        case .null: self = .null
        }
    }
}

extension Bytes {
    /// An argument as it goes over the wire.
    init(_ argument: RedisArgument) {
        switch argument {
        case .string(let text): self.init(text)
        case .bytes(let bytes): self.init(bytes)
        case .integer(let number): self.init(number)
        }
    }
}
