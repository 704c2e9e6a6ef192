/// A command: how many arguments it takes, and what it does.
struct Command: Sendable {
    typealias Body = @Sendable (Keyspace, [Bytes]) throws(CommandError) -> Reply

    let name: String
    /// The number of arguments with the command's name; a negative one is the least number.
    let arity: Int
    let body: Body

    init(_ name: String, _ arity: Int, _ body: @escaping Body) {
        self.name = name
        self.arity = arity
        self.body = body
    }

    /// The keys that it writes, if it does anything.
    func written(_ words: [Bytes]) -> ArraySlice<Bytes> {
        switch name {
        case "DEL", "UNLINK": words[1...]
        case "RENAME", "RPOPLPUSH", "LMOVE": words[1...2]
        default: Self.reads.contains(name) || words.count < 2 ? [] : words[1...1]
        }
    }

    private static let reads: Set<String> = [
        "DBSIZE", "ECHO", "EXISTS", "FLUSHALL", "FLUSHDB", "GET", "HEXISTS", "HGET", "HGETALL", "HKEYS", "HLEN",
        "HMGET",
        "HSTRLEN", "HVALS", "INFO", "KEYS", "LINDEX", "LLEN", "LPOS", "LRANGE", "MGET", "PEXPIRETIME", "PING", "PTTL",
        "SCAN", "SCARD", "SISMEMBER", "SMEMBERS", "SMISMEMBER", "SRANDMEMBER", "STRLEN", "TIME", "TTL", "TYPE", "XLEN",
        "XRANGE", "XREAD", "XREVRANGE", "ZCARD", "ZCOUNT", "ZLEXCOUNT", "ZMSCORE", "ZRANGE", "ZRANGEBYLEX",
        "ZRANGEBYSCORE", "ZRANK",
        "ZREVRANGE",
        "ZREVRANGEBYLEX", "ZREVRANGEBYSCORE", "ZREVRANK", "ZSCORE",
    ]

    func takes(_ count: Int) -> Bool { arity < 0 ? count >= -arity : count == arity }

    /// All commands, by their names in capitals.
    static let all: [Bytes: Command] = Dictionary(
        uniqueKeysWithValues: (keyCommands + stringCommands + hashCommands + listCommands + setCommands
            + sortedSetCommands + sortedSetReads + streamCommands + serverCommands).map { (Bytes($0.name), $0) }
    )

    /// The command of a name, however it is written.
    static func named(_ name: Bytes) -> Command? { all[name] ?? all[name.uppercased] }
}

extension Keyspace {
    /// Runs a command: its name and its arguments.
    func run(_ words: [Bytes]) -> Reply {
        guard let name = words.first else { return .error("ERR unknown command ''") }
        guard let command = Command.named(name) else {
            let arguments = words.dropFirst().map { "'\($0.text)' " }.joined()
            return .error("ERR unknown command '\(name.text)', with args beginning with: \(arguments)")
        }
        guard command.takes(words.count) else { return .error(CommandError.arity(command.name).text) }
        return run(command, words)
    }

    func run(_ command: Command, _ words: [Bytes]) -> Reply {
        do throws(CommandError) {
            let reply = try command.body(self, words)
            changed.formUnion(command.written(words))
            return reply
        } catch {
            return .error(error.text)
        }
    }
}

/// The arguments of a command from some position on, read one after another.
struct Options {
    private let words: [Bytes]
    private var position: Int

    init(_ words: [Bytes], from position: Int) {
        self.words = words
        self.position = position
    }

    var isAtEnd: Bool { position >= words.count }
    var count: Int { words.count - position }
    var rest: ArraySlice<Bytes> { words[position...] }

    /// The next word as an option's name.
    mutating func name() -> String? { isAtEnd ? nil : next().uppercased.text }

    mutating func value() throws(CommandError) -> Bytes {
        guard !isAtEnd else { throw .syntax }
        return next()
    }

    mutating func integer() throws(CommandError) -> Int { try (try value()).asInteger() }

    /// Takes the next word where it is that option.
    mutating func skip(_ name: Bytes) -> Bool {
        guard !isAtEnd, words[position].uppercased == name else { return false }
        position += 1
        return true
    }

    private mutating func next() -> Bytes {
        defer { position += 1 }
        return words[position]
    }
}

extension Bytes {
    func asInteger() throws(CommandError) -> Int {
        guard let integer else { throw .noInteger }
        return integer
    }

    func asDouble() throws(CommandError) -> Double {
        guard let double else { throw .noFloat }
        return double
    }
}
