import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("One machine under two addresses")
struct AliasTests {
    private static let four = Resources(cpu: 4, ram: 4096, disk: 10)

    private func withMachines(_ count: Int = 2, _ body: (StoreFixture) async throws -> Void) async throws {
        try await StoreFixture.with(machines: (1...count).map { "host\($0)" }, body)
    }

    /// a probe of a PM that finds a machine.
    @discardableResult
    private func look(_ fixture: StoreFixture, _ pm: Int, _ identity: String?) async throws -> Int? {
        let start = try await fixture.now()
        let found = try await fixture.store.identify(try pm.identifier(), as: identity)
        try await fixture.store.record(
            DiscoveryReport(state: .up, measure: PMMeasure(capacity: Self.four, available: Self.four), source: "test"),
            of: try pm.identifier(),
            next: .seconds(60),
            inventoryAt: start
        )
        return found.aliasOf?.value
    }

    private func machine(_ fixture: StoreFixture, _ pm: Int) async throws -> PhysicalMachine {
        try #require(try await fixture.store.machine(try pm.identifier()))
    }

    private func expectAlias(_ fixture: StoreFixture, _ pm: Int, of real: Int) async throws {
        let machine = try await machine(fixture, pm)
        #expect(
            machine.aliasOf?.value == real && machine.state == .alias && machine.measure == nil && !machine.takesVMs
        )
        #expect(machine.headroom == .zero)
        let reason = try await fixture.field("hvc:pm:\(pm)", "reason")
        #expect(reason?.contains("the same machine as PM \(real) (host\(real))") == true, "\(reason ?? "")")
    }

    private func expectReal(_ fixture: StoreFixture, _ pm: Int) async throws {
        let machine = try await machine(fixture, pm)
        #expect(machine.aliasOf == nil && machine.state == .up && machine.takesVMs && machine.headroom.cpu > 0)
    }

    private func dueAtOnce(_ fixture: StoreFixture) async throws -> [Int] {
        try await fixture.store.takeDueProbes(limit: 9, deadline: .seconds(60)).probes.map(\.pm.value)
    }

    @Test(
        "The lowest number stands for the machine, whichever is seen first",
        arguments: [[1, 2, 3], [3, 2, 1], [2, 3, 1]]
    )
    func lowest(order: [Int]) async throws {
        try await withMachines(3) { (fixture) async throws in
            for pm in order { try await look(fixture, pm, "m") }
            try await expectReal(fixture, 1)
            for pm in 2...3 { try await expectAlias(fixture, pm, of: 1) }
            #expect(try await fixture.field("hvc:identities", "m") == "1,2,3")
            // A second probe of each changes nothing, and reports nothing new.
            for pm in order {
                let found = try await fixture.store.identify(try pm.identifier(), as: "m")
                #expect(found.new.isEmpty && found.aliasOf?.value == (pm == 1 ? nil : 1))
            }
        }
    }

    @Test("Two workers that see both at the same moment agree; no VM gets the CPUs of the other one")
    func atOnce() async throws {
        try await withMachines { (fixture) async throws in
            for round in 0..<20 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for pm in 1...2 { group.addTask { try await look(fixture, pm, "m\(round)") } }
                    try await group.waitForAll()
                }
                try await look(fixture, 1, "m\(round)")
                try await look(fixture, 2, "m\(round)")
                try await expectReal(fixture, 1)
                try await expectAlias(fixture, 2, of: 1)
            }
            for number in 0..<8 { _ = try await fixture.create("vm\(number)") }
            _ = try await fixture.takeAll()
            #expect(try await machine(fixture, 1).claimed.cpu == 4)
            #expect(try await machine(fixture, 2).claimed.cpu == 0)
        }
    }

    @Test("Machines that differ in anything, or do not say it, are as many as are listed")
    func different() async throws {
        try await withMachines(4) { (fixture) async throws in
            for (pm, identity) in [(1, "u/b/m"), (2, "u/b/n"), (3, nil), (4, nil)] {
                try await look(fixture, pm, identity)
            }
            for pm in 1...4 { try await expectReal(fixture, pm) }
        }
    }

    @Test("What VMs hold on a PM that becomes an alias they hold on the other one, whatever their job is at")
    func takenOver() async throws {
        try await withMachines { (fixture) async throws in
            // Two records of before aliases were recognised.
            for pm in 1...2 { try await fixture.up(pm, Self.four) }
            for number in 0..<4 {
                _ = try await fixture.create("vm\(number)", groups: number < 2 ? ["g": .spread] : [:])
            }
            _ = try await fixture.takeAll()
            for job in [1, 2] {
                let lease = Lease(job: try job.identifier(), epoch: 1)
                #expect(try await fixture.store.finish(lease, by: "w", JobEnding()))
            }
            #expect(try await machine(fixture, 2).vmCount == 2)
            try await look(fixture, 1, "m")
            try await look(fixture, 2, "m")
            try await expectAlias(fixture, 2, of: 1)
            let (real, alias) = (try await machine(fixture, 1), try await machine(fixture, 2))
            #expect(
                real.claimed == Resources(cpu: 4, ram: 2048, disk: 4) && real.vmCount == 4 && real.groups == ["g": 2]
            )
            #expect(alias.claimed == .zero && alias.vmCount == 0 && alias.groups.isEmpty)
            for vm in 1...4 { #expect(try await fixture.field("hvc:vm:\(vm)", "pm") == "1") }
            // Jobs under way end as if nothing had happened.
            for job in [3, 4] {
                let lease = Lease(job: try job.identifier(), epoch: 1)
                let failure = job == 3 ? nil : Failure(.hypervisor, "no")
                #expect(try await fixture.store.finish(lease, by: "w", JobEnding(failure: failure)))
            }
            #expect(try await machine(fixture, 1).vmCount == 3)
            #expect(try await machine(fixture, 2).vmCount == 0)
        }
    }

    @Test("When the first address is taken out of the file the second one stands for the machine from its next look on")
    func promoted() async throws {
        try await withMachines { (fixture) async throws in
            for pm in 1...2 { try await look(fixture, pm, "m") }
            _ = try await dueAtOnce(fixture)
            _ = try await fixture.store.register(machines: [PMListing(address: try PMAddress("host2"))])
            #expect(try await dueAtOnce(fixture) == [2])
            try await expectAlias(fixture, 2, of: 1)
            #expect(try await look(fixture, 2, "m") == nil)
            try await expectReal(fixture, 2)
            // And back: what was known of the first one is old.
            let listings = try ["host1", "host2"].map { PMListing(address: try PMAddress($0)) }
            _ = try await fixture.store.register(machines: listings)
            try await expectReal(fixture, 2)
            #expect(try await look(fixture, 1, "m") == nil)
            try await expectAlias(fixture, 2, of: 1)
        }
    }

    @Test("After a boot an alias stays one, whichever address is probed first", arguments: [[1, 2], [2, 1]])
    func boot(order: [Int]) async throws {
        try await withMachines { (fixture) async throws in
            for pm in 1...2 { try await look(fixture, pm, "before") }
            for _ in 1...3 {
                for pm in order {
                    try await look(fixture, pm, "after")
                    #expect(try await machine(fixture, 2).aliasOf?.value == 1)
                    #expect(try await fixture.store.poll(since: .start, limit: 1).changed.filter(\.takesVMs).count == 1)
                }
            }
            #expect(try await fixture.store.redis.send(["HGETALL", "hvc:identities"]).map == ["after": "1,2"])
        }
    }

    @Test("An address that leads to another machine since stands for that one, once both were seen to differ")
    func moved() async throws {
        try await withMachines { (fixture) async throws in
            for pm in 1...2 { try await look(fixture, pm, "m") }
            // The first one's machine may have been booted, and not been probed since.
            #expect(try await look(fixture, 2, "n") == 1)
            #expect(try await look(fixture, 2, "n") == 1)
            try await eventually("the clock to go on") {
                try await look(fixture, 1, "m")
                return try await look(fixture, 2, "n") == nil
            }
            for pm in 1...2 { try await expectReal(fixture, pm) }
            try await look(fixture, 2, "m")
            try await expectAlias(fixture, 2, of: 1)
            // It no longer says what it is.
            #expect(try await look(fixture, 2, nil) == nil)
            try await expectReal(fixture, 2)
        }
    }

    @Test("A probe that began before the PM became an alias makes it nothing else")
    func late() async throws {
        try await withMachines { (fixture) async throws in
            _ = try await fixture.store.identify(try 2.identifier(), as: "m")
            try await look(fixture, 1, "m")
            try await fixture.up(2, Self.four)
            try await expectAlias(fixture, 2, of: 1)
        }
    }

    @Test("An alias that does not answer says so, and is none the less one when it does")
    func away() async throws {
        try await withMachines { (fixture) async throws in
            for pm in 1...2 { try await look(fixture, pm, "m") }
            let report = DiscoveryReport(state: .unknown, reason: "ssh: no")
            try await fixture.store.record(report, of: try 2.identifier(), next: .zero)
            let machine = try await machine(fixture, 2)
            #expect(machine.state == .unknown && machine.aliasOf?.value == 1 && !machine.takesVMs)
            try await look(fixture, 2, "m")
            try await expectAlias(fixture, 2, of: 1)
        }
    }

    @Test("A lost list of identities comes back with the probes")
    func lostList() async throws {
        try await withMachines(3) { (fixture) async throws in
            for pm in 1...2 { try await look(fixture, pm, "m") }
            _ = try await fixture.store.redis.send(["DEL", "hvc:identities"])
            // An alias asks each time, and any PM that is up adds itself.
            try await look(fixture, 2, "m")
            try await expectAlias(fixture, 2, of: 1)
            try await fixture.up(1, Self.four)
            try await look(fixture, 3, "m")
            try await expectAlias(fixture, 3, of: 1)
            #expect(try await fixture.field("hvc:identities", "m") == "1,2,3")
        }
    }

    @Test("A VM is not listed twice: what the alias shows of it, now or noted before, is the VM itself")
    func notTwice() async throws {
        try await withMachines { (fixture) async throws in
            for pm in 1...2 { try await fixture.up(pm, Self.four) }
            _ = try await fixture.create()
            _ = try await fixture.takeAll()
            #expect(try await fixture.store.finish(Lease(job: 1.identifier(), epoch: 1), by: "w", JobEnding()))
            let known = try #require(try await fixture.store.vm(1.identifier()))
            func observation(_ pm: Int) async throws -> Observation {
                Observation(pm: try pm.identifier(), probedAt: try await fixture.now(), vm: known.vm)
            }
            // As before aliases were recognised: noted on the other one, and called a duplicate.
            let noted = try await fixture.store.noteElsewhere(
                observation(2),
                recordedOn: 1.identifier(),
                state: .running,
                host: "h"
            )
            #expect(noted == .noted)
            #expect(try await fixture.store.settleDuplicate(observation(1)) == .duplicate)
            for pm in 1...2 { try await look(fixture, pm, "m") }
            #expect(try await fixture.store.settleDuplicate(observation(1)) == .single)
            #expect(try await fixture.store.vm(known.vm.id)?.observedElsewhere == nil)
            // Where its record still names the alias, it is the other one's at once.
            _ = try await fixture.store.redis.send(["HSET", "hvc:vm:1", "pm", "2"])
            let moved = try await fixture.store.noteElsewhere(
                observation(1),
                recordedOn: 2.identifier(),
                state: .running,
                host: "h"
            )
            #expect(moved == .moved)
        }
    }
}
