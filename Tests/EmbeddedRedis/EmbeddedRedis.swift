import NIOConcurrencyHelpers
package import RedisClient

/// A Redis inside the test: commands and Lua scripts over keys in memory, in the time that the test sets.
///
/// It answers as Redis 7.0 does; `EmbeddedRedisTests` compares the two. Nothing waits: a command that would block
/// answers at once what there is.
package final class EmbeddedRedis: @unchecked Sendable {
    // Safe: the lock is held wherever one of the two is used.
    private let lock = NIOLock()
    private let keyspace = Keyspace()
    private let lua = LuaHost.take()

    /// Makes an empty one.
    ///
    /// - Parameter time: the time that its clock shows, since 1970.
    package init(time: Duration = .seconds(1_000_000_000)) {
        keyspace.time = time.microseconds
    }

    deinit {
        lua.giveBack()
    }

    /// The time that its clock shows, since 1970.
    package var time: Duration {
        get { lock.withLock { .microseconds(keyspace.time) } }
        set { lock.withLock { keyspace.time = newValue.microseconds } }
    }

    /// The keys that may have changed since this was asked last.
    package func takeChangedKeys() -> Set<String> {
        lock.withLock {
            defer { keyspace.changed = [] }
            return Set(keyspace.changed.map(\.text))
        }
    }

    /// The keys that a body reads or writes.
    package func keysTouched(by body: () -> Void) -> Set<String> {
        lock.withLock { keyspace.touched = [] }
        body()
        return lock.withLock {
            defer { keyspace.touched = nil }
            return Set((keyspace.touched ?? []).map(\.text))
        }
    }

    /// Runs a command; an error is a reply, too.
    package func run(_ command: RedisCommand) -> RESPValue {
        let words = [Bytes(command.name)] + command.arguments.map { Bytes($0) }
        return lock.withLock { RESPValue(keyspace.run(words)) }
    }

    /// Runs a script; an error is a reply, too.
    package func run(_ script: RedisScript, keys: [String], arguments: [RedisArgument]) -> RESPValue {
        let (keys, arguments) = (keys.map { Bytes($0) }, arguments.map { Bytes($0) })
        return lock.withLock {
            RESPValue(
                lua.run(name: script.name, source: script.source, keys: keys, arguments: arguments, on: keyspace)
            )
        }
    }
}

extension Duration {
    /// Whole microseconds.
    fileprivate var microseconds: Int {
        Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000)
    }
}
