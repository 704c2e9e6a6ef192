package import Model
import RedisClient

/// A worker as it makes itself known.
package struct WorkerRecord: Sendable {
    /// Its name.
    package let name: String
    /// This run of it: another word at each start.
    package let instance: String
    /// The settings that all live workers must share, by name.
    package let settings: [String: String]
    /// More about it, by field.
    package let fields: [String: String]

    /// Makes a record.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - instance: this run of it.
    ///   - settings: the settings that all live workers must share.
    ///   - fields: more about it.
    package init(name: String, instance: String, settings: [String: String], fields: [String: String]) {
        self.name = name
        self.instance = instance
        self.settings = settings
        self.fields = fields
    }

    /// All fields but those of each sign of life.
    var all: [String: String] {
        fields.merging(settings) { _, new in new }.merging(["name": name, "instance": instance]) { _, new in new }
    }
}

/// What came of a worker's registration.
package enum WorkerRegistration: Sendable {
    /// A live worker that stands in the way.
    package struct Other: Sendable {
        /// Its record.
        package let fields: [String: String]
        /// Its last sign of life, in ms since 1970 by the clock of Redis.
        package let seen: Int
    }

    /// It is known.
    case registered
    /// A live worker has its name.
    case taken(Other)
    /// A live worker has another value of this setting.
    case differs(Other, setting: String)
}

extension WorkerRegistration: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, let word = parts.first?.string else { return nil }
        if word == "ok", parts.count == 1 {
            self = .registered
            return
        }
        guard parts.count == 4, let setting = parts[1].string, let seen = parts[2].int, let record = parts[3].map else {
            return nil
        }
        let other = Other(fields: record, seen: seen)
        switch word {
        case "taken": self = .taken(other)
        case "differs": self = .differs(other, setting: setting)
        default: return nil
        }
    }
}

extension Store {
    /// Makes a worker known, unless a live one has its name or other settings.
    ///
    /// - Parameters:
    ///   - worker: the worker.
    ///   - lifetime: how long the record stays without a sign of life.
    ///   - ended: instances of workers that are known to have ended, however young their records are.
    /// - Returns: what came of it.
    /// - Throws: `Failure`.
    package func register(
        _ worker: WorkerRecord,
        lifetime: Duration,
        knownToHaveEnded ended: Set<String> = []
    ) async throws(Failure) -> WorkerRegistration {
        // The schema first: where it differs, other differences say nothing.
        let names = worker.settings.keys.sorted { $0 == "schema" || $1 != "schema" && $0 < $1 }
        let settings = names.flatMap { [$0, worker.settings[$0] ?? ""] }
        let fields = worker.fields.merging(["name": worker.name, "instance": worker.instance]) { _, new in new }
        let arguments: ScriptArguments = [
            "worker": worker.name,
            "lifetime_ms": lifetime.milliseconds,
            "ended": " " + ended.sorted().joined(separator: " ") + " ",
            "setting_count": worker.settings.count,
        ]
        let more = settings + fields.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        return try await run(.registerWorker, arguments, more: more)
    }

    /// Says that a worker lives; the record goes by itself where this stops.
    ///
    /// - Parameters:
    ///   - worker: its name.
    ///   - instance: the run of it; empty for any.
    ///   - fields: what people may want to know of it.
    ///   - lifetime: how long the record stays without another word.
    /// - Returns: false where the name is another instance's by now.
    /// - Throws: `Failure`.
    @discardableResult
    package func announce(
        worker: String,
        instance: String = "",
        fields: [String: String],
        lifetime: Duration
    ) async throws(Failure) -> Bool {
        let pairs = fields.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        let arguments: ScriptArguments = [
            "worker": worker, "lifetime_ms": lifetime.milliseconds, "instance": instance,
        ]
        return try await run(.announce, arguments, more: pairs)
    }

    /// Says that a registered worker lives and how many jobs it holds.
    ///
    /// - Parameters:
    ///   - worker: the worker.
    ///   - jobs: how many jobs it holds.
    ///   - lifetime: how long the record stays without another word.
    /// - Returns: false where the name is another instance's by now.
    /// - Throws: `Failure`.
    package func announce(_ worker: WorkerRecord, jobs: Int, lifetime: Duration) async throws(Failure) -> Bool {
        // All of it each time: a Redis that was emptied has it again.
        let fields = worker.all.merging(["jobs": "\(jobs)"]) { _, new in new }
        return try await announce(
            worker: worker.name,
            instance: worker.instance,
            fields: fields,
            lifetime: lifetime
        )
    }

    /// Gives a worker's name back at its end.
    ///
    /// - Parameter worker: the worker.
    /// - Throws: `Failure`.
    package func unregister(_ worker: WorkerRecord) async throws(Failure) {
        let _: Bool = try await run(.unregisterWorker, ["worker": worker.name, "instance": worker.instance])
    }
}
