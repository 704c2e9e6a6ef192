/// A Lua script that runs on the server as one step.
///
/// The client loads it by SCRIPT LOAD at the first use, remembers the digest that the server answers, and calls it by
/// EVALSHA from then on. A server that has forgotten it (SCRIPT FLUSH, a restart, another server) gets it again.
package struct RedisScript: Sendable, Hashable {
    /// A name for people: logs and errors show it.
    package let name: String

    /// The Lua source.
    package let source: String

    package init(name: String, source: String) {
        self.name = name
        self.source = source
    }

    /// Hashes the name alone: the source has thousands of characters, and each call looks its script up.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
    }
}
