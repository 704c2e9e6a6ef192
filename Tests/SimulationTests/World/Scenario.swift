import Model
import TestKit

/// The figures of one run, drawn from its seed.
struct Scenario: Hashable, Sendable {
    /// Faults beyond what the workers' protocol can bear alone; see the simulator's tests.
    enum Hazard: Hashable, Sendable {
        /// A call to libvirt has its effect after its caller gave it up.
        case abandonedCalls
    }

    /// The one thing that goes wrong, where it is not chance that says what does.
    enum Strain: Hashable, Sendable {
        /// A worker stands still for so many ms, again and again.
        case pauses(Int)
        /// Each call to Redis takes so many ms.
        case slowRedis(Int)
    }

    /// How long a lease lasts, in ms; as the default of `HVC_LEASE`.
    static let lease = 5_000
    /// The longest that an act on a PM lasts before its caller knows, in ms.
    static let longestAct = 2_500
    /// The installation's name in the metadata of its domains.
    static let cell = "hvc"
    /// How long a process waits for Redis before it takes the call for failed, in ms.
    static let redisTimeout = 2_000
    /// How long after the end of all faults everything must have come to its end, in ms.
    static let settlingTime = 600_000

    let machines: Int
    let workers: Int
    let slots: Int
    /// What a client asks for before it stops.
    let requests: Int
    /// Faults begin before this time, in ms.
    let faultsUntil: Int
    /// The mean time between two faults, in ms.
    let faultPeriod: Int
    /// How often a PM is probed, in ms.
    let probePeriod: Int
    let hazards: Set<Hazard>
    let strain: Strain?

    /// The sizes of VMs.
    static let types = [
        Resources(cpu: 1, ram: 512, disk: 1), Resources(cpu: 2, ram: 1024, disk: 4),
        Resources(cpu: 3, ram: 3072, disk: 2),
    ]

    init(_ random: inout SplitMix64, hazards: Set<Hazard> = []) {
        machines = random.number(1...4)
        workers = random.number(1...4)
        slots = random.number(1...4)
        requests = random.number(8...30)
        faultsUntil = random.number(20_000...120_000)
        faultPeriod = random.number(600...4_000)
        probePeriod = random.number(1...30) * 1_000
        self.hazards = hazards
        strain = nil
        acts = 0...0
    }

    /// How long an act on a PM lasts under a strain, in ms: longer than a lease, or not.
    let acts: ClosedRange<Int>

    /// Two workers under a strain and nothing else.
    init(_ strain: Strain, acts: ClosedRange<Int>) {
        (machines, workers, slots, requests) = (2, 2, 2, 12)
        (faultsUntil, faultPeriod, probePeriod) = (120_000, 0, 30_000)
        hazards = []
        self.strain = strain
        self.acts = acts
    }
}
