import Foundation
import Model
import Store
import TestKit
import Testing

@testable import Worker

@Suite("What an inventory reports of VMs, compared with the records")
struct ReconciliationTests {
    typealias Finding = Reconciliation.Finding

    func vm(_ number: Int, uuid: UUID = UUID()) throws -> VirtualMachine {
        try HypervisorFixture.vm(number, uuid: uuid)
    }

    func status(
        _ vm: VirtualMachine,
        _ state: VMState,
        pm: Int? = 1,
        observedElsewhere: Int? = nil,
        hasJob: Bool = false,
        startedAt: Int? = nil,
        reason: String? = nil,
        drift: String? = nil
    ) -> VMStatus {
        VMStatus(
            vm: vm,
            state: state,
            pm: pm.flatMap { PMID($0) },
            observedElsewhere: observedElsewhere.flatMap { PMID($0) },
            hasJob: hasJob,
            startedAt: startedAt,
            stateReason: reason,
            drift: drift
        )
    }

    func domain(
        _ vm: VirtualMachine,
        isActive: Bool = true,
        cell: String = "ours",
        state: VMState? = nil,
        reason: String? = nil
    ) -> DomainSummary {
        DomainSummary(
            uuid: vm.uuid.uuidString.lowercased(),
            name: vm.domainName,
            isActive: isActive,
            cpu: vm.needs.cpu,
            ramMiB: vm.needs.ram,
            record: vm,
            cell: cell,
            state: state,
            stateReason: reason
        )
    }

    func findings(
        _ records: [VMStatus],
        _ domains: [DomainSummary],
        startsAgain: Bool = false,
        isAlias: Bool = false
    ) throws -> [Finding] {
        Reconciliation(
            pm: try #require(PMID(1)),
            probedAt: 1_000_000,
            domains: domains,
            records: records,
            cell: "ours",
            startsAgain: startsAgain,
            isAlias: isAlias
        ).findings
    }

    @Test("Running, stopped and missing follow from what is there", arguments: [VMState.running, .stopped, .missing])
    func states(before: VMState) throws {
        let vm = try vm(1)
        let known = status(vm, before)
        let seen: [(VMState, [DomainSummary])] = [
            (.running, [domain(vm)]), (.stopped, [domain(vm, isActive: false)]), (.missing, []),
        ]
        for (after, domains) in seen {
            let expected: [Finding] =
                before == after ? [] : [.observed(known, after, because: nil, startingAgainIn: nil)]
            #expect(try findings([known], domains) == expected)
        }
    }

    @Test("A domain that has lost our record is still its VM's")
    func withoutMetadata() throws {
        let vm = try vm(1)
        var domain = domain(vm, isActive: false)
        domain.record = nil
        domain.cell = nil
        let known = status(vm, .running)
        #expect(try findings([known], [domain]) == [.observed(known, .stopped, because: nil, startingAgainIn: nil)])
    }

    @Test("A VM is started again only where that is wished, and one that keeps ending not more than once a minute")
    func startsAgain() throws {
        let vm = try vm(1)
        func pause(_ startedAt: Int?, _ state: VMState = .running) throws -> Duration? {
            let known = status(vm, state, startedAt: startedAt)
            let found = try findings([known], [domain(vm, isActive: false)], startsAgain: true)
            guard case .observed(_, .stopped, _, let pause) = found.first else { return nil }
            return pause
        }
        #expect(try pause(nil) == .seconds(3))
        #expect(try pause(1_000_000 - 3_600_000) == .seconds(3))
        #expect(try pause(1_000_000 - 10_000) == .seconds(50))
        #expect(try pause(2_000_000) == .seconds(60))
        #expect(try pause(nil, .missing) == nil)
    }

    @Test("A domain whose VM is another PM's is moved where that one misses it, and noted where it does not")
    func elsewhere() throws {
        let vm = try vm(1)
        let missing = status(vm, .missing, pm: 2)
        #expect(try findings([missing], [domain(vm)]) == [.moved(missing, .running)])
        for state in [VMState.running, .stopped] {
            let known = status(vm, state, pm: 2)
            #expect(try findings([known], [domain(vm, isActive: false)]) == [.elsewhere(known, .stopped)])
        }
        let queued = status(vm, .queued, pm: nil, hasJob: true)
        #expect(try findings([queued], [domain(vm)]) == [.moved(queued, .running)])
        let both = status(vm, .running, observedElsewhere: 2)
        #expect(try findings([both], [domain(vm)]) == [.duplicate(both)])
    }

    @Test(
        "A domain of ours without a record is adopted; one of another installation is not, nor one whose number is taken"
    )
    func lost() throws {
        let vm = try vm(1)
        #expect(try findings([], [domain(vm, isActive: false)]) == [.lost(vm, .stopped)])
        #expect(try findings([], [domain(vm, cell: "theirs")]).isEmpty)
        let other = status(try self.vm(1), .running, pm: 2)
        #expect(try findings([other], [domain(vm)]) == [.contested(vm)])
        #expect(try findings([other], [domain(vm, cell: "theirs")]).isEmpty)
    }

    @Test("An alias reports VMs that are on it by their records, and of no others")
    func alias() throws {
        let vm = try vm(1)
        for state in [VMState.running, .stopped, .missing] {
            #expect(try findings([status(vm, state, pm: 2)], [domain(vm)], isAlias: true).isEmpty)
        }
        #expect(try findings([], [domain(vm)], isAlias: true).isEmpty)
        let here = status(vm, .running)
        #expect(
            try findings([here], [], isAlias: true) == [.observed(here, .missing, because: nil, startingAgainIn: nil)]
        )
    }

    @Test("While a job is under way nothing is found")
    func jobs() throws {
        for state in VMState.allCases {
            for pm in [1, 2] {
                for domains in [[], [domain(try vm(1))]] {
                    var known = status(try domains.first?.record ?? vm(1), state, pm: pm, hasJob: true)
                    #expect(try findings([known], domains).isEmpty)
                    known = status(known.vm, .error, pm: pm)
                    #expect(try findings([known], domains).isEmpty)
                }
            }
        }
    }

    @Test("On random PMs: foreign domains never count, a VM has one finding at most, and what is written stays so")
    func random() throws {
        var random = SplitMix64(seed: 7)
        for _ in 0..<2000 {
            var world = World(&random)
            let first = try findings(world.records, world.domains)
            let vms = first.map(\.vm.uuid)
            #expect(Set(vms).count == vms.count)
            #expect(world.foreign.isDisjoint(with: vms))
            for finding in first { world.apply(finding) }
            let second = try findings(world.records, world.domains)
            // What needs another PM's look, or people, stays.
            #expect(second.allSatisfy { finding in finding.waits && first.contains { $0.vm == finding.vm } })
            for known in world.records where known.pm == PMID(1) && !known.hasJob && known.state != .error {
                let domain = world.domains.first { $0.uuid == known.vm.uuid.uuidString.lowercased() }
                let state = domain?.state ?? .missing
                #expect(known.state == state)
            }
        }
    }
}

extension Reconciliation.Finding {
    fileprivate var waits: Bool {
        switch self {
        case .elsewhere, .duplicate, .contested: true
        default: false
        }
    }
}

/// A PM with domains of all kinds, and records that fit them or not.
private struct World {
    var records: [VMStatus] = []
    var domains: [DomainSummary] = []
    var foreign: Set<UUID> = []

    init(_ random: inout SplitMix64) {
        for number in 1...Int(random.next() % 8 + 1) {
            guard let id = VMID(number), let type = TypeID(1), let image = ImageID(100) else { continue }
            let vm = VirtualMachine(id: id, uuid: UUID(), name: "a", type: type, image: image, needs: .zero)
            let pm = [PMID(1), PMID(1), PMID(2), nil][Int(random.next() % 4)]
            let placed: [VMState] = [.running, .stopped, .missing, .error, .building, .destroying]
            let states: [VMState] = pm == nil ? [.queued] : placed
            let state = states[Int(random.next() % UInt64(states.count))]
            let isAtWork = [.building, .destroying].contains(state)
            let known = VMStatus(
                vm: vm,
                state: state,
                pm: pm,
                observedElsewhere: random.next() % 8 == 0 ? PMID(2) : nil,
                hasJob: isAtWork || random.next() % 4 == 0
            )
            if random.next() % 5 != 0 { records.append(known) }
            if random.next() % 3 != 0 { add(vm, cell: "ours", &random) }
            if random.next() % 4 == 0 { addForeign(number, &random) }
        }
    }

    private mutating func add(_ vm: VirtualMachine, cell: String?, _ random: inout SplitMix64) {
        domains.append(
            DomainSummary(
                uuid: vm.uuid.uuidString.lowercased(),
                name: vm.domainName,
                isActive: random.next() % 2 == 0,
                cpu: vm.needs.cpu,
                ramMiB: vm.needs.ram,
                record: cell == nil ? nil : vm,
                cell: cell
            )
        )
    }

    /// A domain of nobody, or of another installation, with a number of ours or not.
    private mutating func addForeign(_ number: Int, _ random: inout SplitMix64) {
        guard let id = VMID(number), let type = TypeID(1), let image = ImageID(100) else { return }
        let vm = VirtualMachine(id: id, uuid: UUID(), name: "b", type: type, image: image, needs: .zero)
        foreign.insert(vm.uuid)
        add(vm, cell: random.next() % 2 == 0 ? nil : "theirs", &random)
    }

    /// Does what the store's scripts do.
    mutating func apply(_ finding: Reconciliation.Finding) {
        switch finding {
        case .observed(let known, let state, _, _):
            replace(known, state, pm: known.pm, observedElsewhere: known.observedElsewhere)
        case .moved(let known, let state):
            replace(
                known,
                known.pm == nil ? known.state : state,
                pm: PMID(1),
                observedElsewhere: nil,
                hasJob: known.pm == nil
            )
        case .lost(let vm, let state): records.append(VMStatus(vm: vm, state: state, pm: PMID(1)))
        case .elsewhere, .duplicate, .contested, .drifted: break
        }
    }

    private mutating func replace(
        _ known: VMStatus,
        _ state: VMState,
        pm: PMID?,
        observedElsewhere: PMID?,
        hasJob: Bool = false
    ) {
        records.removeAll { $0.vm.id == known.vm.id }
        records.append(
            VMStatus(vm: known.vm, state: state, pm: pm, observedElsewhere: observedElsewhere, hasJob: hasJob)
        )
    }
}
