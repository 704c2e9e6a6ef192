import Model
import Placement
import Testing

@Suite("The policy seed")
struct SeedPolicyTests {
    private func place(_ requests: Int = 1, on machines: [PhysicalMachine]) throws -> [PlacementDecision.Outcome] {
        let requests = try (1...requests).map { try Fleets.request($0) }
        return plan(requests, on: FleetSnapshot(machines), by: .seed).map(\.outcome)
    }

    private func places(_ numbers: Int...) throws -> [PlacementDecision.Outcome] {
        try numbers.map { .place(try Fleets.identifier($0)) }
    }

    @Test("The machine that was used longest ago goes first, one that was never used before all")
    func leastRecentlyUsed() throws {
        let machines = [
            try Fleets.machine(1, lastUsed: 3), try Fleets.machine(2, lastUsed: 1), try Fleets.machine(3, lastUsed: 2),
        ]
        #expect(try place(on: machines) == places(2))
        let withNew = machines + [try Fleets.machine(4, load: 9)]
        #expect(try place(on: withNew) == places(4))
    }

    @Test("Among machines that were never used the least load a CPU decides, and then the lower number")
    func leastLoad() throws {
        let machines = [
            try Fleets.machine(1, load: 2), try Fleets.machine(2, load: 0.5), try Fleets.machine(3, load: 0.5),
        ]
        #expect(try place(on: machines) == places(2))
    }

    @Test("A batch goes round the machines")
    func roundRobin() throws {
        let machines = try (1...3).map { try Fleets.machine($0) }
        #expect(try place(6, on: machines) == places(1, 2, 3, 1, 2, 3))
    }

    @Test("A full fleet refuses with what is lacking; a fleet that is away says so")
    func refusals() throws {
        let full = [try Fleets.machine(1, free: Resources(cpu: 0, ram: 100, disk: 5))]
        guard case .refuse(let failure) = try place(on: full).first else {
            Issue.record("not refused")
            return
        }
        #expect(failure.code == .noCapacity)
        #expect(failure.cause == "1 PM: lacks CPUs and memory; PM 1 lacks 1 CPU, 412 MiB")
        let away = [try Fleets.machine(1, state: .unknown), try Fleets.machine(2, isCordoned: true)]
        guard case .refuse(let failure) = try place(on: away).first else {
            Issue.record("not refused")
            return
        }
        #expect(failure.code == .noMachine)
        #expect(failure.cause == "1 PM: cordoned; 1 PM: not up")
    }

    @Test("A machine that was never probed defers what nothing else can take, and what comes after it")
    func undecided() throws {
        let machines = [
            try Fleets.machine(1, free: Resources(cpu: 1, ram: 4096, disk: 9)),
            try Fleets.machine(2, isProbed: false),
        ]
        #expect(try place(3, on: machines) == places(1) + [.undecided])
    }

    @Test(
        "An explanation names all machines of a small fleet in full, some of a large one, and counts all",
        arguments: [
            (32, 0, 32), (100, 0, 8), (32, 4, 32), (100, 4, 4),
        ]
    )
    func explanationIsBounded(count: Int, free: Int, told: Int) throws {
        let room = Resources(cpu: free, ram: free * 1024, disk: free * 10)
        let machines = try (1...count).map { try Fleets.machine($0, free: room) }
        let decision = try #require(plan([try Fleets.request(1)], on: FleetSnapshot(machines), by: .seed).first)
        #expect(decision.explanation.considered.count == told)
        #expect(decision.explanation.objections.values.reduce(decision.explanation.fit, +) == count)
    }
}
