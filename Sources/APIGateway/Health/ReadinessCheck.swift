import Logging
import Model
import Store

/// Checks whether accepted jobs are stored and done, at most once a second whatever the number of callers.
actor ReadinessCheck {
    /// The result, in the words of `/readyz`.
    enum State: String, Sendable {
        case ready
        case redisSilent = "redis does not answer"
        case redisRefusesWrites = "redis takes no writes"
        case otherSchema = "the records are of another schema"
        case noWorker = "no worker is alive"
    }

    private let store: Store
    private let logger: Logger
    private var latest: (state: State, time: ContinuousClock.Instant)?
    private var underWay: Task<State, Never>?
    /// When a worker was last known to be alive; at first the gateway's start, since workers may start later.
    private var lastAlive = ContinuousClock.now
    /// The workers' lease; until a worker has announced it, the default.
    private var lease = Duration.seconds(5)

    /// How long a result is reused.
    private static let lifetime = Duration.seconds(1)
    /// How long Redis may take to answer.
    private static let limit = Duration.seconds(2)

    init(store: Store, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// The state now, or within the last second.
    func state() async -> State {
        if let latest, .now - latest.time < Self.lifetime { return latest.state }
        if let underWay { return await underWay.value }
        let check = Task { await self.check() }
        underWay = check
        return await check.value
    }

    private func check() async -> State {
        let (state, cause) = await find()
        underWay = nil
        if state != latest?.state ?? .ready {
            let level: Logger.Level = state == .ready ? .notice : .warning
            logger.log(level: level, "readiness: \(state.rawValue)", metadata: cause.map { ["error": "\($0)"] })
        }
        latest = (state, .now)
        return state
    }

    private func find() async -> (State, cause: Failure?) {
        do throws(Failure) {
            let health = try await store.health(within: Self.limit)
            if let worker = health.worker {
                lastAlive = max(lastAlive, .now - worker.age)
                lease = worker.lease ?? lease
            }
            if let refusal = health.refusal { return (.redisRefusesWrites, refusal) }
            if health.hasOtherSchema { return (.otherSchema, .otherSchema) }
            return (.now - lastAlive > lease ? .noWorker : .ready, nil)
        } catch {
            return (.redisSilent, error)
        }
    }
}
