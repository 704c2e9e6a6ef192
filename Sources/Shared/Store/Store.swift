package import Model
import NIOConcurrencyHelpers
package import RedisClient

/// The queue and the records, on Redis: each change of state is one Lua script, so it happens whole or not at all.
package struct Store: Sendable {
    /// What runs its commands and scripts.
    package let redis: any RedisExecutor
    /// The keys.
    package let keys: Keys
    /// How long records of ended jobs are kept.
    package let jobRetention: JobRetention
    /// What the scripts are assembled from, where there are other operations than this project's.
    private let library: LuaLibrary?
    private let assembled = NIOLockedValueBox([String: RedisScript]())
    /// How many jobs may be queued or deferred; beyond them nothing that takes capacity is accepted.
    package let queueLimit: Int
    /// The highest numbers that this process has seen.
    let numbersSeen = NumbersSeen()
    let memoryGauge = MemoryGauge()

    /// Makes a store.
    ///
    /// - Parameters:
    ///   - redis: what runs its commands and scripts.
    ///   - keys: the keys.
    ///   - jobRetention: how long records of ended jobs are kept.
    ///   - queueLimit: how many jobs may be queued.
    ///   - operations: the operations that there are; nil for those of this project.
    package init(
        redis: any RedisExecutor,
        keys: Keys = Keys(),
        jobRetention: JobRetention = JobRetention(),
        queueLimit: Int = Self.defaultQueueLimit,
        operations: OperationRegistry? = nil
    ) {
        self.redis = redis
        self.keys = keys
        self.jobRetention = jobRetention
        self.queueLimit = queueLimit
        library = operations.map { LuaLibrary($0) }
    }

    /// What Redis gets of a script.
    private func source(of script: StoreScript) -> RedisScript {
        guard let library else { return script.script }
        return assembled.withLockedValue { known in
            if let found = known[script.script.name] { return found }
            let new = script.assembled(from: library)
            known[new.name] = new
            return new
        }
    }

    /// The limit where nothing else is said: more than workers get done while a caller waits.
    package static let defaultQueueLimit = 100_000

    /// Runs a script.
    ///
    /// - Throws: `Failure`, with `internalFault` where the reply is of another form than the caller expects.
    func run<Reply: ScriptReply>(
        _ script: StoreScript,
        _ arguments: ScriptArguments = [:],
        more: [any RedisArgumentConvertible] = []
    ) async throws(Failure) -> Reply {
        let values = try script.values(arguments, more: more)
        let reply = try await failing(at: script.place) {
            try await redis.eval(source(of: script), keys: [keys.prefix], arguments: values)
        }
        return try decoded(reply, of: script)
    }

    /// Runs a script that must not run twice for one request.
    ///
    /// - Throws: `Failure`, with `outcomeUnknown` where Redis may have run it though no reply came.
    func runOnce<Reply: ScriptReply>(
        _ script: StoreScript,
        _ arguments: ScriptArguments,
        more: [any RedisArgumentConvertible] = []
    ) async throws(Failure) -> Reply {
        let values = try script.values(arguments, more: more)
        let reply = try await failing(at: script.place) {
            do {
                return try await redis.eval(source(of: script), keys: [keys.prefix], arguments: values)
            } catch let error as RedisError where error.wasSent && error.reply == nil {
                throw Failure(
                    .outcomeUnknown,
                    "Redis went silent while it took the request: check whether it was accepted before you repeat it",
                    cause: "\(error)"
                )
            }
        }
        return try decoded(reply, of: script)
    }

    private func decoded<Reply: ScriptReply>(_ reply: RESPValue, of script: StoreScript) throws(Failure) -> Reply {
        guard let value = Reply(reply, keys: keys) else { throw unexpected(reply, from: script.script.name) }
        return value
    }

    /// Sends a command.
    func send(_ command: RedisCommand) async throws(Failure) -> RESPValue {
        try await failing(at: command.place) { try await redis.send(command) }
    }

    /// Sends commands in one write and takes their replies, all of them or an error.
    func pipeline(_ commands: [RedisCommand]) async throws(Failure) -> [RESPValue] {
        var values: [RESPValue] = []
        for (command, result) in zip(
            commands,
            try await failing(at: "a pipeline") { try await redis.pipeline(commands) }
        ) {
            values.append(try await failing(at: command.place) { try result.get() })
        }
        return values
    }

    /// Which key is of another type, where Redis does not name it.
    private func brokenKey(at place: String) async -> String {
        do {
            let found = try await redis.eval(StoreScript.findBroken.script, keys: [keys.prefix])
            if let problem = found.string, !problem.isEmpty { return problem }
        } catch { return "\(place): a key is of another type, and looking for it failed: \(error)" }
        return "\(place): a key is of another type"
    }

    /// Turns what the client throws into a failure that says what to do.
    func failing<Value: Sendable>(
        at place: String,
        _ body: () async throws -> Value
    ) async throws(Failure) -> Value {
        do {
            return try await body()
        } catch let failure as Failure {
            throw failure
        } catch is CancellationError {
            throw Failure(.deadline, "the call was given up before Redis answered")
        } catch {
            if let problem = (error as? RedisError)?.brokenRecord {
                throw .malformedRecord(problem.isEmpty ? await brokenKey(at: place) : problem)
            }
            if (error as? RedisError)?.code == .outOfMemory { throw .storeFull(cause: "\(error)") }
            throw Failure(
                .storeUnavailable,
                "Redis does not answer as it should: check its log and at HVC_REDIS_URL",
                cause: "\(error)"
            )
        }
    }

    /// A reply that no script of ours gives.
    func unexpected(_ reply: RESPValue, from script: String) -> Failure {
        Failure(.internalFault, "the script \(script) gave an unexpected reply: report this", cause: "\(reply)")
    }
}

extension RedisCommand {
    /// The command and its key, for people.
    fileprivate var place: String {
        guard case .string(let key) = arguments.first else { return name }
        return "\(name) \(key.prefix(80))"
    }
}

extension RedisError {
    /// What a script of ours refused to touch, or empty where Redis says WRONGTYPE of a key that it does not name; nil for
    /// any other error.
    fileprivate var brokenRecord: String? {
        if let reply, let word = reply.firstRange(of: "MALFORMED ") {
            let text = reply[word.upperBound...]
            return String(text.firstRange(of: " script: ").map { text[..<$0.lowerBound] } ?? text)
        }
        return code == .wrongType ? "" : nil
    }
}
