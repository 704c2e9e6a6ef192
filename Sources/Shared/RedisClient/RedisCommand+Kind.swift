extension RedisCommand {
    /// How a command must be carried.
    enum Kind: Sendable, Hashable {
        /// Shares a connection with other calls.
        case plain
        /// May be held back by the server for that long (nil: without limit), so has a connection of its own.
        case blocking(Duration?)
        /// Has meaning only together with the commands beside it: fine within one pipeline.
        case transaction
        /// Would change the connection for everyone on it.
        case connection

        init(name: String, arguments: [RedisArgument]) {
            guard Self.mayBeSpecial(name) else {
                self = .plain
                return
            }
            switch name.uppercased() {
            case "BLPOP", "BRPOP", "BRPOPLPUSH", "BLMOVE", "BZPOPMIN", "BZPOPMAX":
                self = .blocking(Self.seconds(arguments.last))
            case "BLMPOP", "BZMPOP":
                self = .blocking(Self.seconds(arguments.first))
            case "XREAD", "XREADGROUP":
                self = Self.streamRead(arguments)
            case "WAIT", "WAITAOF":
                self = .blocking(Self.milliseconds(arguments.last))
            case "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH":
                self = .transaction
            case "AUTH", "HELLO", "MONITOR", "PSUBSCRIBE", "PSYNC", "PUNSUBSCRIBE", "QUIT", "RESET", "SELECT",
                "SSUBSCRIBE", "SUBSCRIBE", "SUNSUBSCRIBE", "SYNC", "UNSUBSCRIBE":
                self = .connection
            case "CLIENT":
                self = arguments.first?.text.uppercased() == "REPLY" ? .connection : .plain
            default:
                self = .plain
            }
        }

        /// The names that `init` distinguishes.
        private static let special = [
            "BLPOP", "BRPOP", "BRPOPLPUSH", "BLMOVE", "BZPOPMIN", "BZPOPMAX", "BLMPOP", "BZMPOP", "XREAD", "XREADGROUP",
            "WAIT", "WAITAOF", "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH", "AUTH", "HELLO", "MONITOR", "PSUBSCRIBE",
            "PSYNC", "PUNSUBSCRIBE", "QUIT", "RESET", "SELECT", "SSUBSCRIBE", "SUBSCRIBE", "SUNSUBSCRIBE", "SYNC",
            "UNSUBSCRIBE", "CLIENT",
        ]

        /// For each letter (`index & 31`), the lengths of the special names that start with it, as bits.
        private static let lengths: [UInt32] = special.reduce(into: Array(repeating: 0, count: 32)) { table, name in
            table[Int((name.utf8.first ?? 0) & 31)] |= 1 << UInt32(name.utf8.count)
        }

        /// A check of the first letter and the length spares nearly every command the conversion to upper case.
        private static func mayBeSpecial(_ name: String) -> Bool {
            let count = name.utf8.count
            guard let first = name.utf8.first, count < 32 else { return false }
            return lengths[Int(first & 31)] & (1 << UInt32(count)) != 0
        }

        /// The BLOCK option stands before STREAMS, after which anything may be a key.
        private static func streamRead(_ arguments: [RedisArgument]) -> Kind {
            for (index, argument) in arguments.enumerated() {
                switch argument.text.uppercased() {
                case "STREAMS": return .plain
                case "BLOCK":
                    return .blocking(milliseconds(arguments.indices.contains(index + 1) ? arguments[index + 1] : nil))
                default: continue
                }
            }
            return .plain
        }

        /// Zero means without limit; what is no number the server refuses at once.
        private static func seconds(_ argument: RedisArgument?) -> Duration? {
            guard let seconds = (argument?.text).flatMap(Double.init), seconds.isFinite else { return .zero }
            return seconds == 0 ? nil : .seconds(min(max(seconds, 0), longest))
        }

        private static func milliseconds(_ argument: RedisArgument?) -> Duration? {
            guard let milliseconds = (argument?.text).flatMap(Double.init), milliseconds.isFinite else { return .zero }
            return milliseconds == 0 ? nil : .seconds(min(max(milliseconds / 1000, 0), longest))
        }

        /// A hundred years in seconds: keeps the arithmetic away from overflow.
        private static let longest = 3_155_760_000.0
    }
}
