/// What went wrong with a call to Redis.
///
/// ``code`` is for programs, ``message`` for people and says what to do next, ``cause`` is the error underneath.
/// Two questions decide what a caller does: ``isRetriable`` (may the same call succeed later?) and ``wasSent`` (may
/// the server have executed it already?). A call that is not idempotent is safe to repeat only where `wasSent` is
/// false, or where ``reply`` shows that the server refused it.
package struct RedisError: Error, Sendable {
    /// The kinds of failure that callers distinguish.
    package enum Code: String, Sendable, CaseIterable {
        /// No usable connection within the time that the caller may wait for one.
        case notConnected
        /// The connection ended while the call was under way.
        case connectionLost
        /// No reply before the call's deadline.
        case timeout
        /// The client was shut down.
        case shutDown
        /// The configuration cannot work as it is.
        case configuration
        /// TLS is asked for and this build has none.
        case tlsUnavailable
        /// Redis wants a password, or refuses the one it got (NOAUTH, WRONGPASS).
        case authentication
        /// The ACL user may not do this (NOPERM).
        case permissionDenied
        /// The database number does not exist on this server.
        case invalidDatabase
        /// The peer does not speak the Redis protocol.
        case protocolViolation
        /// A command that a shared connection cannot carry, such as SUBSCRIBE.
        case unsupported
        /// Too many calls are waiting for replies.
        case tooManyPending
        /// The script is not in the server's cache (NOSCRIPT).
        case noScript
        /// A script runs and the server answers nothing else (BUSY).
        case busy
        /// The server still reads its data set (LOADING).
        case loading
        /// The server is a replica and takes no writes (READONLY).
        case readOnly
        /// The server is at its memory limit (OOM).
        case outOfMemory
        /// The server cannot write to its disk and takes no writes (MISCONF).
        case persistence
        /// A replica lost its master (MASTERDOWN), or too few replicas are there (NOREPLICAS).
        case masterDown
        /// A Redis Cluster redirects or is down (MOVED, ASK, TRYAGAIN, CROSSSLOT, CLUSTERDOWN).
        case cluster
        /// The key holds another kind of value (WRONGTYPE).
        case wrongType
        /// Any other error reply.
        case server
    }

    /// The kind of failure.
    package let code: Code

    /// What happened and what to do next, for people; never holds a password.
    package let message: String

    /// The error underneath, where there is one.
    package let cause: (any Error)?

    /// Whether the command may have reached the server, which then may have executed it.
    package let wasSent: Bool

    /// The server's own error text, where the failure is an error reply.
    package let reply: String?

    /// Makes an error that did not come from a reply.
    ///
    /// - Parameters:
    ///   - code: The kind of failure.
    ///   - message: What happened and what to do next.
    ///   - cause: The error underneath.
    ///   - wasSent: Whether the server may have executed the command.
    package init(_ code: Code, _ message: String, cause: (any Error)? = nil, wasSent: Bool = false) {
        self.code = code
        self.message = message
        self.cause = cause
        self.wasSent = wasSent
        self.reply = nil
    }

    /// Makes the error for an error reply (RESP2's `-` type) of the server.
    ///
    /// - Parameter reply: The reply's text without the leading `-`; its first word decides the code.
    package init(reply: String) {
        let code = Self.code(of: reply)
        self.code = code
        self.message =
            Self.advice(for: code).map { "Redis answered \"\(reply)\": \($0)" } ?? "Redis answered \"\(reply)\""
        self.cause = nil
        self.wasSent = true
        self.reply = reply
    }

    /// Whether the same call may succeed later with nothing changed by a person.
    ///
    /// Says nothing about whether repeating is safe: see ``wasSent``.
    package var isRetriable: Bool {
        switch code {
        case .notConnected, .connectionLost, .timeout, .tooManyPending, .busy, .loading, .readOnly, .outOfMemory,
            .persistence, .masterDown, .cluster, .noScript:
            true
        case .shutDown, .configuration, .tlsUnavailable, .authentication, .permissionDenied, .invalidDatabase,
            .protocolViolation, .unsupported, .wrongType, .server:
            false
        }
    }
}

extension RedisError {
    private static func code(of reply: String) -> Code {
        let word = reply.prefix { $0 != " " }
        return switch word {
        case "NOAUTH", "WRONGPASS": .authentication
        case "NOPERM": .permissionDenied
        case "LOADING": .loading
        case "READONLY": .readOnly
        case "OOM": .outOfMemory
        case "BUSY": .busy
        case "NOSCRIPT": .noScript
        case "MISCONF": .persistence
        case "MASTERDOWN", "NOREPLICAS": .masterDown
        case "MOVED", "ASK", "TRYAGAIN", "CROSSSLOT", "CLUSTERDOWN": .cluster
        case "WRONGTYPE": .wrongType
        default: .server
        }
    }

    private static func advice(for code: Code) -> String? {
        switch code {
        case .authentication: "set the right user and password"
        case .permissionDenied: "give the ACL user the permission"
        case .loading: "try again when it has read its data"
        case .readOnly: "connect to the master, or wait until this replica is promoted"
        case .outOfMemory: "raise maxmemory or remove data"
        case .busy: "wait for the script, or end it with SCRIPT KILL"
        case .persistence: "check the server's disk and its log"
        case .masterDown: "wait until the replication is up"
        case .cluster: "keep all keys of a call in one slot, and connect to the node that serves it"
        default: nil
        }
    }

    /// This error with a note that the command was, or was not, sent.
    func sent(_ wasSent: Bool) -> RedisError {
        RedisError(code: code, message: message, cause: cause, wasSent: wasSent, reply: reply)
    }

    /// This error as the reason why a command was not sent at all.
    var unsent: RedisError {
        switch code {
        case .shutDown, .notConnected: sent(false)
        default: RedisError(.notConnected, "there is no connection: \(message)", cause: self)
        }
    }

    /// Whether trying again will hardly help before a person changes something, so that callers should know at once.
    var needsAttention: Bool {
        switch code {
        case .authentication, .permissionDenied, .invalidDatabase, .configuration, .tlsUnavailable: true
        default: false
        }
    }

    private init(code: Code, message: String, cause: (any Error)?, wasSent: Bool, reply: String?) {
        self.code = code
        self.message = message
        self.cause = cause
        self.wasSent = wasSent
        self.reply = reply
    }
}

extension RedisError: CustomStringConvertible {
    /// The code, the message and the cause in one line.
    package var description: String {
        let because = cause.map { " (cause: \($0))" } ?? ""
        return "redis \(code.rawValue): \(message)\(because)"
    }
}
