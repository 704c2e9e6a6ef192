import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("A Redis that was empty")
struct RebuildTests {
    private func vm(_ number: Int, job: Int? = nil) throws -> VirtualMachine {
        VirtualMachine(
            id: try number.identifier(),
            uuid: UUID(),
            name: "a <b> \"c\"",
            type: try 7.identifier(),
            image: try 105.identifier(),
            needs: Resources(cpu: 2, ram: 600, disk: 3),
            project: try #require(ProjectName("web")),
            notes: VMNotes(labels: ["env": "prod", "a": "b"], description: "one\ntwo"),
            createdAt: "2026-01-02T03:04:05.678Z",
            createJob: try job?.identifier()
        )
    }

    private func look(_ fixture: StoreFixture, at pm: Int, isComplete: Bool = true) async throws {
        try await fixture.store.record(
            DiscoveryReport(state: isComplete ? .up : .unknown),
            of: pm.identifier(),
            next: .seconds(60),
            inventoryAt: isComplete ? try await fixture.now() : nil
        )
    }

    private func code(_ body: () async throws -> Acceptance) async throws -> FailureCode? {
        do {
            _ = try await body()
            return nil
        } catch let failure as Failure {
            return failure.code
        }
    }

    @Test("Nothing is accepted before each PM was probed once, and then for good")
    func ready() async throws {
        try await StoreFixture.with(machines: ["a", "b"], isReady: false) { (fixture) async throws in
            let store = fixture.store
            for pm in 1...2 {
                #expect(try await code { try await fixture.create() } == .notReady)
                #expect(try await code { try await store.enqueueDestroy(9.identifier(), request: "") } == .notReady)
                #expect(try await !store.isReady())
                try await look(fixture, at: pm, isComplete: pm == 1)
            }
            #expect(try await store.isReady())
            #expect(try await code { try await store.enqueueDestroy(9.identifier(), request: "") } == .unknownVM)
            #expect(try await fixture.create().vm.value == 1)
            // A PM that is listed later is waited for by the queue, not at acceptance.
            _ = try await store.register(machines: ["a", "b", "c"].map { PMListing(address: try PMAddress($0)) })
            #expect(try await fixture.create().vm.value == 2)
        }
    }

    @Test(
        "A fleet without PMs is ready, a Redis without any registration is not; nobody waits for a PM that is taken off"
    )
    func nobody() async throws {
        try await StoreFixture.with(machines: [], isReady: false) { (fixture) async throws in
            #expect(try await code { try await fixture.create() } == nil)
            _ = try await fixture.store.redis.send(["FLUSHALL"])
            #expect(try await fixture.store.check(Registrations()).beganAt == nil)
            #expect(try await code { try await fixture.create() } == .notReady)
        }
        try await StoreFixture.with(machines: ["a", "b"], isReady: false) { (fixture) async throws in
            try await look(fixture, at: 1)
            _ = try await fixture.store.register(machines: [PMListing(address: try PMAddress("a"))])
            #expect(try await code { try await fixture.create() } == nil)
        }
    }

    @Test("A VM is known again by its domain, with its claim though there is no headroom, and numbers never go back")
    func adopted() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            try await fixture.up(1, Resources(cpu: 1, ram: 512, disk: 1))
            let lost = try vm(40, job: 90)
            let seen = Observation(pm: try 1.identifier(), probedAt: try await fixture.now(), vm: lost)
            #expect(try await store.adopt(seen, state: .running) == .adopted)
            #expect(try await store.adopt(seen, state: .running) == .nothing)
            let status = try #require(try await store.vm(lost.id))
            #expect(status.vm == lost && status.state == .running)
            let found = try await store.vms(VMFilter(state: .running, labels: ["env": "prod"]), after: nil, limit: 9)
            #expect(found.records.map(\.vm) == [lost])
            let project = try #require(try await store.project(lost.project))
            #expect(project.usage == ProjectUsage(vms: 1, needs: lost.needs))
            #expect(try await store.projects(after: nil, limit: 9).records.map(\.name) == [.default, lost.project])
            #expect(try status.pm == 1.identifier())
            #expect(try await fixture.field("hvc:vm:40", "domain") == lost.domainName)
            let machine = try #require(try await store.machine(1.identifier()))
            #expect(machine.claimed == lost.needs && machine.vmCount == 1)
            let accepted = try await fixture.create()
            #expect(accepted.vm.value == 41 && accepted.job.value == 91)
            let more = try await store.register(types: [
                Resources(cpu: 1, ram: 512, disk: 1), Resources(cpu: 9, ram: 9, disk: 9),
            ])
            #expect(more.map(\.value) == [1, 8])
            // An older VM leaves the counters alone, and its time and job may be unknown.
            let old = VirtualMachine(
                id: try 2.identifier(),
                uuid: UUID(),
                name: "old",
                type: try 1.identifier(),
                image: try 100.identifier(),
                needs: .zero
            )
            let also = Observation(pm: try 1.identifier(), probedAt: try await fixture.now(), vm: old)
            #expect(try await store.adopt(also, state: .stopped) == .adopted)
            #expect(try await store.vm(old.id)?.vm == old)
            #expect(try await fixture.create().vm.value == 42)
            // It can be destroyed like any other.
            _ = try await store.enqueueDestroy(lost.id, request: "")
            #expect(try await store.vms(on: 1.identifier())?.map(\.value) == [2, 40])
        }
    }

    @Test("A domain of a VM that was destroyed during the look, or whose number another VM has, is not adopted")
    func notAdopted() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            try await fixture.up(1, Resources(cpu: 4, ram: 4096, disk: 10))
            _ = try await fixture.create()
            let first = try #require(try await store.vm(1.identifier())).vm
            _ = try await fixture.takeAll()
            #expect(try await store.finish(Lease(job: 1.identifier(), epoch: 1), by: "w", JobEnding()))
            let seen = Observation(pm: try 1.identifier(), probedAt: try await fixture.now(), vm: first)
            let other = Observation(pm: seen.pm, probedAt: seen.probedAt, vm: try vm(1))
            #expect(try await store.adopt(other, state: .running) == .taken)
            _ = try await store.enqueueDestroy(first.id, request: "")
            _ = try await fixture.takeAll()
            #expect(try await store.finish(Lease(job: 2.identifier(), epoch: 1), by: "w", JobEnding()))
            #expect(try await store.adopt(seen, state: .running) == .gone)
            #expect(try await store.vm(first.id) == nil)
            // UUIDs are kept for ten minutes: what a frozen worker saw before that may be of a VM that is gone since.
            _ = try await store.redis.send(["DEL", "hvc:tombstones"])
            let old = Observation(pm: seen.pm, probedAt: try await fixture.now() - 600_001, vm: first)
            #expect(try await store.adopt(old, state: .running) == .gone)
            // A domain that is there after the end is one that came back.
            let later = Observation(pm: seen.pm, probedAt: try await fixture.now() + 1, vm: first)
            #expect(try await store.adopt(later, state: .running) == .adopted)
        }
    }

    @Test("A number in a domain's metadata that none could follow is not adopted, and numbering goes on")
    func outOfRange() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 4, ram: 4096, disk: 10))
            let before = try await fixture.everything()
            for lost in [try vm(1 << 53), try vm(3, job: 1 << 53)] {
                let seen = Observation(pm: try 1.identifier(), probedAt: try await fixture.now(), vm: lost)
                #expect(try await fixture.store.adopt(seen, state: .running) == .outOfRange)
            }
            #expect(try await fixture.everything() == before)
            let accepted = try await fixture.create()
            #expect(accepted.vm.value == 1 && accepted.job.value == 1)
        }
    }

    @Test("Where VMs were adopted and a PM did not answer, numbers go on well above what it may have")
    func margin() async throws {
        try await StoreFixture.with(machines: ["a", "b"], isReady: false) { (fixture) async throws in
            try await look(fixture, at: 2, isComplete: false)
            let seen = Observation(pm: try 1.identifier(), probedAt: try await fixture.now(), vm: try vm(5))
            #expect(try await fixture.store.adopt(seen, state: .running) == .adopted)
            try await look(fixture, at: 1)
            #expect(try await fixture.create().vm.value == 1006)
        }
    }
}
