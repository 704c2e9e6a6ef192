import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("What probes find of VMs")
struct ReconcileTests {
    private static let four = Resources(cpu: 4, ram: 4096, disk: 10)

    /// Runs a body with VM 1, which runs on PM 1, and PM 2 beside it.
    func withRunningVM(_ body: (StoreFixture, VMStatus) async throws -> Void) async throws {
        try await StoreFixture.with(machines: ["host1", "host2"]) { (fixture) async throws in
            for pm in 1...2 { try await fixture.up(pm, Self.four) }
            _ = try await fixture.create()
            _ = try await fixture.takeAll()
            #expect(try await fixture.store.finish(Lease(job: 1.identifier(), epoch: 1), by: "w", JobEnding()))
            try await body(fixture, #require(try await fixture.store.vm(1.identifier())))
        }
    }

    /// An observation by a probe that begins now.
    func observation(_ fixture: StoreFixture, _ vm: VirtualMachine, pm: Int = 1) async throws -> Observation {
        Observation(pm: try pm.identifier(), probedAt: try await fixture.now(), vm: vm)
    }

    func events(_ fixture: StoreFixture, _ prefix: String = "vm.") async throws -> [String] {
        let entries = try await fixture.store.redis.send(["XRANGE", "hvc:events", "-", "+"]).array ?? []
        return entries.compactMap { $0.array?.last?.map?["type"] }.filter { $0.hasPrefix(prefix) }
    }

    func expectClaims(_ fixture: StoreFixture, _ vms: [Int]) async throws {
        for (index, count) in vms.enumerated() {
            let machine = try #require(try await fixture.store.machine((index + 1).identifier()))
            #expect(machine.vmCount == count)
            #expect(machine.claimed == Resources(cpu: count, ram: 512 * count, disk: count))
        }
    }

    @Test("A VM is stopped, missing, found and started by the records as probes find it; its claim stays")
    func observed() async throws {
        try await withRunningVM { (fixture, known) async throws in
            let store = fixture.store
            var state = VMState.running
            for next in [VMState.stopped, .missing, .stopped, .running, .missing, .running] {
                let observation = try await observation(fixture, known.vm)
                #expect(try await store.recordState(next, at: observation, insteadOf: state))
                #expect(try await store.vm(known.vm.id)?.state == next)
                #expect(try await !store.recordState(next, at: observation, insteadOf: state), "told twice")
                state = next
            }
            let told = ["vm.stopped", "vm.missing", "vm.found", "vm.started", "vm.missing", "vm.found"]
            #expect(try await events(fixture) == told)
            try await expectClaims(fixture, [1, 0])
            let (_, none) = try await fixture.takeAll()
            #expect(none.results.isEmpty)
        }
    }

    @Test("What a probe found before the VM's job ended, or while one is under way, is not written")
    func late() async throws {
        try await withRunningVM { (fixture, known) async throws in
            let store = fixture.store
            let early = Observation(pm: try 1.identifier(), probedAt: try await fixture.now() - 60_000, vm: known.vm)
            #expect(try await !store.recordState(.missing, at: early, insteadOf: .running))
            _ = try await store.enqueueDestroy(known.vm.id, request: "")
            let beside = try await observation(fixture, known.vm)
            // A destroy that waits on the queue has done nothing yet.
            #expect(try await store.recordState(.stopped, at: beside, insteadOf: .running))
            _ = try await fixture.takeAll()
            let during = try await observation(fixture, known.vm)
            for state in [VMState.stopped, .destroying] {
                #expect(try await !store.recordState(.missing, at: during, insteadOf: state))
            }
            #expect(try await !store.move(to: during, from: 1.identifier(), state: .running))
            #expect(
                try await store.noteElsewhere(during, recordedOn: 2.identifier(), state: .running, host: "h")
                    == .nothing
            )
            // A destroy that fails leaves the state that was found before it.
            let failure = Failure(.hypervisor, "no")
            #expect(try await store.finish(Lease(job: 2.identifier(), epoch: 1), by: "w", JobEnding(failure: failure)))
            #expect(try await store.vm(known.vm.id)?.state == .stopped)
            #expect(try await !store.recordState(.running, at: during, insteadOf: .stopped))
            let other = VirtualMachine(
                id: known.vm.id,
                uuid: UUID(),
                name: "a",
                type: known.vm.type,
                image: known.vm.image,
                needs: known.vm.needs
            )
            #expect(try await !store.recordState(.running, at: observation(fixture, other), insteadOf: .stopped))
        }
    }

    @Test("A VM in any state can be destroyed", arguments: [VMState.running, .stopped, .missing, .error])
    func destroyed(state: VMState) async throws {
        try await withRunningVM { (fixture, known) async throws in
            let store = fixture.store
            _ = try await store.redis.send(["HSET", "hvc:vm:1", "state", state.rawValue])
            _ = try await store.enqueueDestroy(known.vm.id, request: "")
            let (_, claim) = try await fixture.takeAll()
            #expect(claim.untimed == [.started(epoch: 1, pm: try 1.identifier())])
            #expect(try await store.finish(Lease(job: 2.identifier(), epoch: 1), by: "w", JobEnding()))
            #expect(try await store.vm(known.vm.id) == nil)
            try await expectClaims(fixture, [0, 0])
        }
    }

    @Test("A VM that is to be started again gets one start, which runs before what came after it")
    func startedAgain() async throws {
        try await withRunningVM { (fixture, known) async throws in
            let store = fixture.store
            for expected in [1, 1] {
                let seen = try await observation(fixture, known.vm)
                #expect(try await store.recordState(.stopped, at: seen, insteadOf: .running, startingAgainIn: .zero))
                #expect(try await store.redis.send(["ZCARD", "hvc:delayed"]).int == expected)
                if try await store.vm(known.vm.id)?.state == .stopped {
                    #expect(try await store.recordState(.running, at: seen, insteadOf: .stopped))
                }
            }
            _ = try await store.redis.send(["ZADD", "hvc:delayed", 1, 2])
            #expect(try await store.sweep().due == [2.identifier()])
            _ = try await store.enqueueDestroy(known.vm.id, request: "")
            let (_, claim) = try await fixture.takeAll()
            #expect(claim.untimed == [.started(epoch: 1, pm: try 1.identifier()), .waiting])
            #expect(try await store.vm(known.vm.id)?.state == .running)
            #expect(try await fixture.begin("start", of: Lease(job: 2.identifier(), epoch: 1)))
            #expect(try await store.finish(Lease(job: 2.identifier(), epoch: 1), by: "w", JobEnding()))
            #expect(try await store.vm(known.vm.id)?.state == .running)
            let (_, next) = try await fixture.takeAll()
            #expect(next.untimed == [.started(epoch: 1, pm: try 1.identifier())])
        }
    }

    @Test("A start that fails leaves the VM as it was found, with the reason; a destroy that is asked for prevents one")
    func startFails() async throws {
        try await withRunningVM { (fixture, known) async throws in
            let store = fixture.store
            let seen = try await observation(fixture, known.vm)
            #expect(try await store.recordState(.stopped, at: seen, insteadOf: .running, startingAgainIn: .zero))
            _ = try await store.redis.send(["ZADD", "hvc:delayed", 1, 2])
            _ = try await store.sweep()
            _ = try await fixture.takeAll()
            let failure = Failure(.hypervisor, "no memory")
            #expect(try await store.finish(Lease(job: 2.identifier(), epoch: 1), by: "w", JobEnding(failure: failure)))
            #expect(try await store.vm(known.vm.id)?.state == .stopped)
            #expect(try await fixture.field("hvc:vm:1", "error") == "no memory")
            #expect(try await store.recordState(.running, at: observation(fixture, known.vm), insteadOf: .stopped))
            _ = try await store.enqueueDestroy(known.vm.id, request: "")
            let again = try await observation(fixture, known.vm)
            #expect(try await store.recordState(.stopped, at: again, insteadOf: .running, startingAgainIn: .zero))
            #expect(try await store.redis.send(["ZCARD", "hvc:delayed"]).int == 0)
        }
    }

    @Test("A VM that is missing where it was and found elsewhere is moved with its claim")
    func moved() async throws {
        try await withRunningVM { (fixture, known) async throws in
            let store = fixture.store
            let there = try await observation(fixture, known.vm, pm: 2)
            #expect(try await !store.move(to: there, from: 1.identifier(), state: .running), "it is not missing yet")
            #expect(
                try await store.noteElsewhere(there, recordedOn: 1.identifier(), state: .running, host: "h2") == .noted
            )
            #expect(
                try await store.noteElsewhere(there, recordedOn: 1.identifier(), state: .running, host: "h2")
                    == .nothing
            )
            #expect(try await store.vm(known.vm.id)?.observedElsewhere == 2.identifier())
            // Its own PM is probed next, and where that misses it, the other one again.
            #expect(try await store.takeDueProbes(limit: 9, deadline: .seconds(60)).probes.map(\.pm.value) == [1])
            #expect(try await store.recordState(.missing, at: observation(fixture, known.vm), insteadOf: .running))
            #expect(try await store.takeDueProbes(limit: 9, deadline: .seconds(60)).probes.map(\.pm.value) == [2])
            let later = try await observation(fixture, known.vm, pm: 2)
            #expect(try await store.move(to: later, from: 1.identifier(), state: .running))
            let status = try #require(try await store.vm(known.vm.id))
            #expect(try status.pm == 2.identifier() && status.state == .running && status.observedElsewhere == nil)
            try await expectClaims(fixture, [0, 1])
            #expect(try await events(fixture) == ["vm.missing", "vm.moved"])
        }
    }

    @Test(
        "While both PMs have it nothing is moved; that is reported once, and forgotten when one of them has it no more"
    )
    func duplicate() async throws {
        try await withRunningVM { (fixture, known) async throws in
            let store = fixture.store
            func look(at pm: Int) async throws {
                try await store.record(
                    DiscoveryReport(state: .up),
                    of: pm.identifier(),
                    next: .seconds(60),
                    inventoryAt: try await fixture.now()
                )
            }
            #expect(try await store.settleDuplicate(observation(fixture, known.vm)) == .nothing)
            let there = try await observation(fixture, known.vm, pm: 2)
            #expect(
                try await store.noteElsewhere(there, recordedOn: 1.identifier(), state: .running, host: "h2") == .noted
            )
            try await look(at: 2)
            _ = try await store.redis.send(["HSET", "hvc:pm:2", "inventory_at", "2000-01-01T00:00:00.000Z"])
            #expect(try await store.settleDuplicate(observation(fixture, known.vm)) == .duplicate)
            #expect(try await store.settleDuplicate(observation(fixture, known.vm)) == .nothing)
            #expect(try await fixture.field("hvc:vm:1", "duplicate") == "1")
            try await expectClaims(fixture, [1, 0])
            try await eventually("the clock to go on") {
                try await look(at: 2)
                return try await store.settleDuplicate(observation(fixture, known.vm)) == .single
            }
            #expect(try await store.vm(known.vm.id)?.observedElsewhere == nil)
            #expect(try await events(fixture) == ["vm.duplicate"])
        }
    }

    @Test("A machine that is listed under another address keeps its VMs")
    func renamed() async throws {
        try await withRunningVM { (fixture, known) async throws in
            let store = fixture.store
            _ = try await store.redis.send(["HSET", "hvc:pm:1", "host_uuid", "h1"])
            _ = try await store.redis.send(["HSET", "hvc:vm:1", "state_reason", "of its PM before"])
            _ = try await store.register(machines: [PMListing(address: try PMAddress("host2"))])
            let there = try await observation(fixture, known.vm, pm: 2)
            #expect(
                try await store.noteElsewhere(there, recordedOn: 1.identifier(), state: .running, host: "h2") == .noted
            )
            #expect(
                try await store.noteElsewhere(there, recordedOn: 1.identifier(), state: .stopped, host: "h1") == .moved
            )
            #expect(try await store.vm(known.vm.id)?.state == .stopped)
            #expect(try await store.vm(known.vm.id)?.stateReason == nil)
            try await expectClaims(fixture, [0, 1])
        }
    }

    @Test("A create that the records place nowhere goes on where its domain is")
    func unplaced() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            try await fixture.up(1, Self.four)
            _ = try await fixture.create()
            let known = try #require(try await store.vm(1.identifier()))
            #expect(try await store.move(to: observation(fixture, known.vm), from: nil, state: .running))
            #expect(try await store.vm(1.identifier())?.state == .queued)
            let (snapshot, claim) = try await fixture.takeAll()
            #expect(try snapshot.lines.first?.placedOn == 1.identifier())
            #expect(claim.untimed == [.started(epoch: 1, pm: try 1.identifier())])
            try await expectClaims(fixture, [1])
        }
    }

    @Test("An event makes a PM due, unless a job or the record explains it")
    func domainEvent() async throws {
        try await withRunningVM { (fixture, known) async throws in
            let store = fixture.store
            let uuid = known.vm.uuid.uuidString.lowercased()
            func arrives(
                _ what: String,
                pm: Int = 1,
                name: String? = nil,
                uuid other: String? = nil
            ) async throws -> Bool {
                try await store.noteDomainEvent(
                    what,
                    of: name ?? known.vm.domainName,
                    uuid: other ?? uuid,
                    on: pm.identifier()
                )
            }
            for what in ["started", "resumed", "defined"] { #expect(try await !arrives(what)) }
            #expect(try await store.takeDueProbes(limit: 9, deadline: .seconds(60)).probes.isEmpty)
            #expect(try await arrives("stopped"))
            #expect(try await store.takeDueProbes(limit: 9, deadline: .seconds(60)).probes.map(\.pm.value) == [1])
            // While a probe is under way another one is wanted behind it.
            #expect(try await arrives("undefined"))
            #expect(try await store.takeDueProbes(limit: 9, deadline: .seconds(60)).probes.isEmpty)
            try await fixture.up(1, Self.four)
            #expect(try await store.takeDueProbes(limit: 9, deadline: .seconds(60)).probes.map(\.pm.value) == [1])
            #expect(try await arrives("started", pm: 2))
            #expect(try await arrives("started", pm: 2, name: "stranger", uuid: UUID().uuidString))
            #expect(try await arrives("lost", name: "", uuid: ""))
            for what in ["paused", "crashed"] { #expect(try await arrives(what)) }
            let seen = try await observation(fixture, known.vm)
            #expect(try await store.recordState(.paused, at: seen, insteadOf: .running, because: "user"))
            #expect(try await !arrives("paused"))
            #expect(try await arrives("resumed"))
            _ = try await store.enqueueDestroy(known.vm.id, request: "")
            _ = try await fixture.takeAll()
            for what in ["stopped", "paused", "crashed", "undefined"] { #expect(try await !arrives(what)) }
            #expect(try await store.finish(Lease(job: 2.identifier(), epoch: 1), by: "w", JobEnding()))
            #expect(try await !arrives("undefined"), "it was destroyed")
        }
    }
}
