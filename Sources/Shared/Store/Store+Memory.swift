package import Model
import NIOConcurrencyHelpers
import RedisClient

/// What Redis says of its memory, in bytes (INFO memory).
struct MemoryReading: Sendable {
    let used: Int
    /// `maxmemory`; 0 for none.
    let limit: Int
    /// What happens at the limit; nil where Redis does not say.
    let policy: String?

    init(_ info: String) {
        let fields = info.split(whereSeparator: \.isNewline).map { $0.split(separator: ":", maxSplits: 1) }
            .filter { $0.count == 2 }
        func value(_ name: String) -> String? { fields.first { $0[0] == name }.map { String($0[1]) } }
        used = value("used_memory").flatMap(Int.init) ?? 0
        limit = value("maxmemory").flatMap(Int.init) ?? 0
        policy = value("maxmemory_policy")
    }

    /// What is kept free for what was accepted: a tenth, and no more than creates fill while a reading is good.
    private var reserve: Int { min(limit / 10, 64 << 20) }

    /// True where nothing new is to be accepted.
    var isFull: Bool { limit > 0 && used > limit - reserve }
}

/// How full the memory of Redis was when it was asked last.
final class MemoryGauge: Sendable {
    private struct State {
        var reading: MemoryReading?
        var asked: ContinuousClock.Instant?
    }

    private static let lifetime = Duration.seconds(1)

    private let state = NIOLockedValueBox(State())

    /// The reading of the last second; asks where there is none.
    ///
    /// Who comes meanwhile gets the one before.
    func reading(
        _ ask: () async throws(Failure) -> MemoryReading
    ) async throws(Failure) -> MemoryReading? {
        let now = ContinuousClock.now
        let (known, isDue) = state.withLockedValue { state in
            let isDue = state.asked.map { now - $0 >= Self.lifetime } ?? true
            if isDue { state.asked = now }
            return (state.reading, isDue)
        }
        guard isDue else { return known }
        let reading = try await ask()
        state.withLockedValue { $0.reading = reading }
        return reading
    }
}

extension Store {
    /// Checks that Redis is set so that it never drops what it acknowledged to make room.
    ///
    /// - Throws: `Failure` with `storeUnavailable`: without a cause where its `maxmemory-policy` is not `noeviction`, with
    ///   one where it does not answer.
    package func checkServer() async throws(Failure) {
        guard let policy = try await memory().policy, policy != "noeviction" else { return }
        throw Failure(
            .storeUnavailable,
            "Redis' maxmemory-policy is \(policy), under which it drops records when memory is short: set it to "
                + "noeviction (CONFIG SET maxmemory-policy noeviction, and in redis.conf)"
        )
    }

    /// Checks that Redis has memory for what is new.
    ///
    /// Refuses while there is still some, so that what was accepted is done, and VMs can be destroyed. Asks at most once a
    /// second.
    ///
    /// - Throws: `Failure` with `storeFull`, or where Redis does not answer.
    func ensureMemory() async throws(Failure) {
        guard let reading = try await memoryGauge.reading({ () async throws(Failure) in try await memory() }),
            reading.isFull
        else { return }
        throw .storeFull(cause: "it uses \(reading.used >> 20) of \(reading.limit >> 20) MiB")
    }

    func memory() async throws(Failure) -> MemoryReading {
        MemoryReading(try await send(["INFO", "memory"]).string ?? "")
    }
}

extension Failure {
    /// Redis has no memory for what is new.
    static func storeFull(cause: String) -> Failure {
        Failure(
            .storeFull,
            "the memory of Redis is full, so that nothing new is accepted: destroy VMs, keep less history (HVC_JOB_HISTORY), or "
                + "raise Redis' maxmemory",
            cause: cause
        )
    }
}
