import EmbeddedRedis
import RedisClient

/// The Redis of a simulation: the embedded one, the ways to it, and what goes wrong there.
final class SimulatedRedis {
    /// What was asked of it, for those who ask another one the same.
    struct Call {
        enum What {
            case command(RedisCommand)
            case script(RedisScript, keys: [String], arguments: [RedisArgument])
        }

        /// Since 1970.
        let time: Duration
        let what: What
        let reply: RESPValue
    }

    private unowned let simulation: Simulation
    private let embedded = EmbeddedRedis()
    private let faults: FaultInjection?
    /// All calls, where somebody wants them.
    private(set) var calls: [Call] = []
    private let records: Bool
    /// The script that ran last.
    private(set) var lastScript = ""
    private(set) var lastReply = RESPValue.null
    /// It answers everything with this error until then.
    var refusal: (text: String, until: Int)?

    private static let start = Duration.seconds(1_700_000_000)

    init(_ simulation: Simulation, faults: FaultInjection?, records: Bool) {
        self.simulation = simulation
        self.faults = faults
        self.records = records
    }

    /// Has a process's call reach it, run, and be answered.
    func call(
        from process: SimulatedProcess,
        _ body: @escaping (SimulatedRedis) -> RESPValue,
        _ resume: @escaping (Result<RESPValue, RedisError>) -> Void
    ) {
        let (now, timeout) = (simulation.now, Scenario.redisTimeout)
        guard process.cutOffUntil <= now else {
            let error = RedisError(.notConnected, "Redis is out of reach")
            return simulation.timeline.add({ _ in resume(.failure(error)) }, at: now + timeout)
        }
        let fate = process.nextCall
        process.nextCall = .answered
        simulation.timeline.add(
            { [self] simulation in
                var reply = body(self)
                if fate == .repeated { reply = body(self) }
                guard fate != .unanswered, process.cutOffUntil <= simulation.now else {
                    let error = RedisError(.timeout, "Redis did not answer", wasSent: true)
                    return simulation.timeline.add({ _ in resume(.failure(error)) }, at: simulation.now + timeout)
                }
                simulation.timeline.add({ _ in resume(.success(reply)) }, at: simulation.now + simulation.delay())
            },
            at: now + simulation.delay()
        )
    }

    /// Runs a command now.
    @discardableResult
    func run(_ command: RedisCommand) -> RESPValue {
        perform(.command(command)) { embedded.run(command) }
    }

    /// Runs a script now.
    func run(_ script: RedisScript, keys: [String], arguments: [RedisArgument]) -> RESPValue {
        let script = faults?.changed(script) ?? script
        lastScript = script.name
        let reply = perform(.script(script, keys: keys, arguments: arguments)) {
            embedded.run(script, keys: keys, arguments: arguments)
        }
        if reply.array?.first?.string == "lost" { simulation.ledger.count(.lost) }
        simulation.note("redis: \(script.name) \(arguments.prefix(3).map(\.text)): \("\(reply)".prefix(100))")
        return reply
    }

    private func perform(_ what: Call.What, _ body: () -> RESPValue) -> RESPValue {
        if let refusal, refusal.until > simulation.now { return .error(refusal.text) }
        embedded.time = Self.start + .milliseconds(simulation.now)
        lastReply = body()
        if case .error(let text) = lastReply { precondition(!text.hasPrefix("ERR Error compiling"), text) }
        if records { calls.append(Call(time: embedded.time, what: what, reply: lastReply)) }
        return lastReply
    }

    /// Reads without being a call of anybody.
    func read(_ command: RedisCommand) -> RESPValue { embedded.run(command) }

    /// The keys that were written since this was asked last.
    func takeChangedKeys() -> Set<String> { embedded.takeChangedKeys() }

    /// A time of the simulation as scripts write it.
    func score(_ milliseconds: Int) -> Int { Self.start.milliseconds + milliseconds }

    /// A time since 1970 in ms, by the simulation's clock.
    static func time(_ milliseconds: Double) -> Int { Int(milliseconds) - start.milliseconds }
}
