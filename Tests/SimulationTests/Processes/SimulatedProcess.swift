/// One run of a program: from its start to its end, whatever ends it.
///
/// Sendable since all of it happens on the simulation's thread.
final class SimulatedProcess: @unchecked Sendable {
    enum Life {
        case up
        /// As by SIGSTOP: the world goes on without it.
        case frozen
        /// Nothing that it does has an effect any more.
        case dead
    }

    let name: String
    unowned let simulation: Simulation
    /// How fast its clock runs, in hundredths, and by how much it is off, in ms.
    private let clockRate: Int
    private let clockOffset: Int
    private(set) var life = Life.up
    var frozenJobs: [UnownedJob] = []
    private var hoursDead = 0
    /// How to end what it waits for.
    private var waits: [Int: () -> Void] = [:]
    private var waitCount = 0
    /// Asks it to stop, as SIGTERM does; nil before it listens.
    var stop: (() -> Void)?
    /// Ends all its tasks.
    var cancel: () -> Void = {}

    // Its connection to Redis.
    /// Redis is out of its reach until then.
    var cutOffUntil = 0
    var nextCall = CallFate.answered
    var connections = 1

    /// What becomes of a call to Redis.
    enum CallFate {
        case answered
        /// The script runs, and the reply is lost.
        case unanswered
        /// The script runs twice.
        case repeated
    }

    init(name: String, clockRate: Int = 100, clockOffset: Int = 0, in simulation: Simulation) {
        self.name = name
        self.clockRate = clockRate
        self.clockOffset = clockOffset
        self.simulation = simulation
    }

    /// The time by its own clock; once it is dead, an hour goes by between any two questions, so that it waits for nothing.
    var time: Int {
        guard life == .dead else { return simulation.now * clockRate / 100 + clockOffset }
        hoursDead += 1
        return 1_000_000_000_000 + hoursDead * 3_600_000
    }

    /// How long a span by its own clock lasts.
    func lasting(_ span: Duration) -> Int { max(0, span.milliseconds) * 100 / clockRate }

    /// Waits until something outside resumes it.
    ///
    /// - Parameters:
    ///   - death: what it gets where the process dies.
    ///   - begin: gets the function that resumes it; only its first call counts.
    /// - Returns: what it was resumed with.
    func suspend<Value: Sendable>(
        onDeath death: Value,
        _ begin: (@escaping (Value) -> Void) -> Void
    ) async -> Value {
        guard life != .dead else { return death }
        return await withUnsafeContinuation { continuation in
            waitCount += 1
            let number = waitCount
            waits[number] = { continuation.resume(returning: death) }
            begin { [self] value in
                guard waits.removeValue(forKey: number) != nil else { return }
                simulation.loop.acting(as: self) { continuation.resume(returning: value) }
            }
        }
    }

    func freeze() { if life == .up { life = .frozen } }

    func thaw() {
        guard life == .frozen else { return }
        life = .up
        simulation.loop.thaw(self)
    }

    /// Ends it as SIGKILL would; its tasks come to their ends without any effect.
    func kill() {
        guard life != .dead else { return }
        life = .dead
        simulation.loop.thaw(self)
        simulation.loop.acting(as: self) {
            cancel()
            let waits = waits.sorted { $0.key < $1.key }
            self.waits = [:]
            for wait in waits { wait.value() }
        }
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int { Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000) }
}
