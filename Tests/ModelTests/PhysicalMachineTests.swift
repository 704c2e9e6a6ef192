import Model
import Testing

@Suite("What a machine may still take")
struct PhysicalMachineTests {
    static let capacity = Resources(cpu: 4, ram: 4096, disk: 160)

    static func machine(
        available: Resources = capacity,
        foreign: Resources = .zero,
        claimedThen: Resources = .zero,
        claimed: Resources = .zero,
        overcommit: Overcommit = .none
    ) throws -> PhysicalMachine {
        PhysicalMachine(
            id: try #require(PMID(1)),
            listing: PMListing(address: try PMAddress("pm1"), overcommit: overcommit),
            state: .up,
            measure: PMMeasure(capacity: capacity, available: available, foreign: foreign, claimed: claimedThen),
            claimed: claimed
        )
    }

    @Test("The original page's example")
    func example() throws {
        let machine = try Self.machine(claimed: Resources(cpu: 2, ram: 2048, disk: 3))
        #expect(machine.headroom == Resources(cpu: 2, ram: 2048, disk: 157))
    }

    @Test("Never more than was measured, less what was claimed since")
    func measured() throws {
        let one = Resources(cpu: 1, ram: 512, disk: 1)
        let available = Resources(cpu: 4, ram: 1000, disk: 10)
        #expect(try Self.machine(available: available).headroom == available)
        // What was claimed when it was measured shows in the measure already.
        let settled = try Self.machine(available: available, claimedThen: one, claimed: one)
        #expect(settled.headroom == Resources(cpu: 3, ram: 1000, disk: 10))
        let since = try Self.machine(available: available, claimedThen: one, claimed: one + one)
        #expect(since.headroom == Resources(cpu: 2, ram: 488, disk: 9))
        // A claim that was given back since makes room only once it is measured.
        let given = try Self.machine(available: available, claimedThen: one + one, claimed: .zero)
        #expect(given.headroom == available)
    }

    @Test("Foreign domains take room, overcommit makes it, and nothing is ever negative")
    func bounds() throws {
        let foreign = Resources(cpu: 3, ram: 96, disk: 200)
        #expect(try Self.machine(foreign: foreign).headroom == Resources(cpu: 1, ram: 4000, disk: 0))
        let double = Overcommit(cpu: 2, ram: 1, disk: 1)
        let wide = Resources(cpu: 100, ram: 4096, disk: 160)
        #expect(try Self.machine(available: wide, foreign: foreign, overcommit: double).headroom.cpu == 5)
        let all = try Self.machine(claimed: Self.capacity + Self.capacity)
        #expect(all.headroom == .zero)
    }

    @Test("A machine that was never measured has no room")
    func unmeasured() throws {
        var machine = try Self.machine()
        machine.measure = nil
        #expect(machine.headroom == .zero)
        #expect(!machine.takesVMs)
    }

    @Test("New VMs come only where the machine is up, open and listed")
    func takesVMs() throws {
        var machine = try Self.machine()
        #expect(machine.takesVMs)
        for state in PMState.allCases where state != .up {
            machine.state = state
            #expect(!machine.takesVMs)
        }
        machine.state = .up
        machine.isCordoned = true
        #expect(!machine.takesVMs)
        machine.isCordoned = false
        machine.isListed = false
        #expect(!machine.takesVMs)
    }
}
