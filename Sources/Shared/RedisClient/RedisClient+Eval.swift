extension RedisClient {
    /// Runs a script by its digest (EVALSHA), and gives it to the server first where that does not know it.
    ///
    /// - Parameters:
    ///   - script: The script.
    ///   - keys: The keys that it touches: KEYS in Lua.
    ///   - arguments: Its arguments: ARGV in Lua.
    ///   - timeout: How long each round trip may take; nil: the configured time.
    /// - Returns: What the script returns.
    /// - Throws: ``RedisError`` for an error reply or where there is none; `CancellationError`.
    package func eval(
        _ script: RedisScript,
        keys: [String] = [],
        arguments: [any RedisArgumentConvertible] = [],
        timeout: Duration? = nil
    ) async throws -> RESPValue {
        let tail = [.integer(keys.count)] + keys.map { RedisArgument.string($0) } + arguments.map(\.redisArgument)
        let entry = try await digest(of: script, after: nil, timeout)
        do {
            return try await send(Self.call(entry, tail), timeout: timeout)
        } catch let error as RedisError where error.code == .noScript {
            let entry = try await digest(of: script, after: entry, timeout)
            return try await send(Self.call(entry, tail), timeout: timeout)
        }
    }

    private func digest(
        of script: RedisScript,
        after refused: ScriptCache.Entry?,
        _ timeout: Duration?
    ) async throws -> ScriptCache.Entry {
        try await scripts.entry(for: script, after: refused) { script in
            let reply = try await self.send(RedisCommand("SCRIPT", "LOAD", script.source), timeout: timeout)
            guard let digest = reply.string else {
                throw RedisError(
                    .protocolViolation,
                    "SCRIPT LOAD gave no digest: is this a Redis server?",
                    wasSent: true
                )
            }
            return digest
        }
    }

    private static func call(_ entry: ScriptCache.Entry, _ tail: [RedisArgument]) -> RedisCommand {
        RedisCommand("EVALSHA", arguments: [.string(entry.digest)] + tail)
    }
}
