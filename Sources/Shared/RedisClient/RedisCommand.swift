/// A command for Redis: its name and its arguments.
///
/// ```swift
/// let reply = try await redis.send(["HSET", key, "state", "running", "cpu", 2])
/// ```
///
/// What kind of command it is follows from its name, however it was made: one that may block on the server (BLPOP,
/// BLMOVE, XREAD with BLOCK, …) knows for how long, and goes to a connection of its own.
package struct RedisCommand: Sendable, Hashable {
    /// The command's name, such as `HGETALL`; Redis does not mind the case.
    package let name: String

    /// The arguments after the name.
    package let arguments: [RedisArgument]

    let kind: Kind

    /// Makes a command from arguments.
    ///
    /// - Parameters:
    ///   - name: The command's name.
    ///   - arguments: What follows the name.
    package init(_ name: String, arguments: [RedisArgument]) {
        self.name = name
        self.arguments = arguments
        self.kind = Kind(name: name, arguments: arguments)
    }

    /// Makes a command from values: text, numbers, bytes.
    ///
    /// - Parameters:
    ///   - name: The command's name.
    ///   - arguments: What follows the name.
    package init(_ name: String, _ arguments: any RedisArgumentConvertible...) {
        self.init(name, arguments: arguments.map(\.redisArgument))
    }

    /// Whether the server may hold back the reply until something happens.
    package var isBlocking: Bool {
        if case .blocking = kind { true } else { false }
    }

    /// How long the server may hold back the reply; nil for a command that does not block, or blocks without limit.
    package var blockTime: Duration? {
        if case .blocking(let time) = kind { time } else { nil }
    }
}

extension RedisCommand: ExpressibleByArrayLiteral {
    /// Makes a command from a literal whose first element is the name.
    ///
    /// - Parameter elements: The name and the arguments.
    package init(arrayLiteral elements: any RedisArgumentConvertible...) {
        self.init(elements.first?.redisArgument.text ?? "", arguments: elements.dropFirst().map(\.redisArgument))
    }
}

extension RedisCommand: CustomStringConvertible {
    /// The name and the number of arguments, never their content, which may be secret.
    package var description: String {
        "\(name) with \(arguments.count) argument\(arguments.count == 1 ? "" : "s")"
    }
}
