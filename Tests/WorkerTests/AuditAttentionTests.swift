import Foundation
import Model
import Store
import Testing

@testable import Worker

extension AuditTests {
    @Test("Missing, in error, paused, crashed and twice there: each is reported with what to do")
    func attention() throws {
        var world = try World()
        let (vm, pm) = (world.vm, world.pm)
        let states: [(VMState, String, DomainSummary?)] = [
            (.missing, "it is missing", nil), (.error, "it is in error", Self.domain(vm)),
            (.paused, "it is paused", Self.domain(vm, state: .paused)),
            (.crashed, "it has crashed", Self.domain(vm, isActive: false, state: .crashed)),
            (.crashed, "it has crashed", Self.domain(vm, isActive: false)),
        ]
        for (state, problem, domain) in states {
            let status = VMStatus(vm: vm, state: state, pm: pm, stateReason: "I/O error", error: "why")
            world.snapshot.vms = [status]
            world.put(domain.map { [$0] } ?? [], [world.disk(vm.diskName)])
            let finding = try world.finding()
            #expect(finding.invariant == .attention && finding.problem == problem && finding.row == "hvc:vm:1")
            #expect(!finding.advice.isEmpty && finding.text.hasSuffix(": \(finding.advice)"))
            world.snapshot.vms = [VMStatus(vm: vm, state: state, pm: pm, hasJob: true)]
            #expect(!world.findings().contains { $0.invariant == .attention }, "its job sees to it")
        }
        world = try World()
        world.snapshot.vms = [VMStatus(vm: vm, state: .running, pm: pm, observedElsewhere: PMID(2), isDuplicate: true)]
        world.put([Self.domain(vm)], [world.disk(vm.diskName)])
        world.snapshot.machines = [try world.machine(claimed: vm.needs, count: 1, claims: [vm.id: vm.needs])]
        #expect(try world.finding().problem == "it has domains on two PMs")
    }

    @Test("A worker that is dead and holds jobs is reported; one that lives, or holds none, is not")
    func deadWorkers() throws {
        var world = try World()
        world.snapshot.silentWorkers = ["idle", "w"]
        #expect(world.findings().isEmpty)
        world.snapshot.underWay[world.vm.id] = JobID(1)
        world.snapshot.leases = [try #require(JobID(1))]
        try world.add(job: 1, .running, at: .worker("w"))
        let finding = try world.finding()
        #expect(finding.invariant == .attention && finding.row == "hvc:worker:w" && !finding.advice.isEmpty)
        world.snapshot.silentWorkers = ["idle"]
        #expect(world.findings().isEmpty)
    }
}
