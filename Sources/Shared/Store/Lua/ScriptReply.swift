import Model
import RedisClient

/// What a script answers.
protocol ScriptReply {
    /// Reads a reply; nil for one of another form.
    init?(_ reply: RESPValue, keys: Keys)
}

extension Bool: ScriptReply {
    /// 1 or 0.
    init?(_ reply: RESPValue, keys: Keys) {
        guard case .integer(let number) = reply, 0...1 ~= number else { return nil }
        self = number == 1
    }
}

extension Int: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard case .integer(let number) = reply else { return nil }
        self = number
    }
}

extension String: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let text = reply.string else { return nil }
        self = text
    }
}

extension Identifier: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let number = reply.int else { return nil }
        self.init(number)
    }
}

extension Array: ScriptReply where Element: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let rows = reply.array else { return nil }
        self = []
        for row in rows {
            guard let element = Element(row, keys: keys) else { return nil }
            append(element)
        }
    }
}

/// An empty list stands for none.
extension Optional: ScriptReply where Wrapped: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        if reply.array?.isEmpty == true {
            self = .none
            return
        }
        guard let value = Wrapped(reply, keys: keys) else { return nil }
        self = value
    }
}

/// One word of a few.
protocol ScriptWord: ScriptReply, RawRepresentable<String> {}

extension ScriptWord {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let word = reply.string else { return nil }
        self.init(rawValue: word)
    }
}
