import Foundation
import Model
import Store
import Testing

@testable import Worker

@Suite("What an audit finds")
struct AuditTests {
    /// One PM with one VM that runs there, all as it must be.
    struct World {
        var snapshot = AuditSnapshot()
        var contents: [PMID: Result<PMContents, Failure>] = [:]
        let vm: VirtualMachine
        let pm: PMID

        init(constraints: PlacementConstraints = .none, macs: [MACAddress] = []) throws {
            vm = try HypervisorFixture.vm(1, constraints: constraints, macs: macs)
            pm = try #require(PMID(1))
            snapshot.vms = [VMStatus(vm: vm, state: .running, pm: pm)]
            snapshot.knownPMs = [pm]
            snapshot.machines = [try machine(claimed: vm.needs, count: 1, claims: [vm.id: vm.needs])]
            contents[pm] = .success(
                PMContents(domains: [AuditTests.domain(vm)], volumes: [disk(vm.diskName)])
            )
        }

        func machine(
            _ number: Int = 1,
            claimed: Resources,
            count: Int,
            claims: [VMID: Resources]
        ) throws -> AuditSnapshot.MachineRow {
            let capacity = Resources(cpu: 4, ram: 4096, disk: 10)
            return AuditSnapshot.MachineRow(
                machine: PhysicalMachine(
                    id: try #require(PMID(number)),
                    listing: PMListing(address: try PMAddress("host\(number)")),
                    measure: PMMeasure(capacity: capacity, available: capacity),
                    claimed: claimed,
                    vmCount: count
                ),
                claims: Dictionary(uniqueKeysWithValues: claims.map { (.vm($0.key), $0.value) })
            )
        }

        func disk(_ name: String) -> VolumeSummary { VolumeSummary(name: name, allocation: 1) }

        mutating func put(_ domains: [DomainSummary], _ volumes: [VolumeSummary] = [], on pm: PMID? = nil) {
            contents[pm ?? self.pm] = .success(PMContents(domains: domains, volumes: volumes))
        }

        mutating func add(job number: Int, _ state: Job.State?, at places: AuditSnapshot.Place...) throws {
            let id = try #require(JobID(number))
            snapshot.jobs[id] = AuditSnapshot.JobRow(id: id, state: state, vm: state == nil ? nil : vm.id)
            for place in places { snapshot.places.append((place, id)) }
        }

        func findings() -> [AuditFinding] {
            var snapshot = snapshot
            if snapshot.projects.isEmpty {
                let needs = snapshot.vms.map(\.vm.needs)
                let usage = ProjectUsage(vms: needs.count, needs: needs.reduce(.zero, +))
                snapshot.projects = needs.isEmpty ? [:] : [.default: usage]
            }
            return Audit(snapshot: snapshot, contents: contents, cell: "ours", keys: Keys()).findings
        }

        /// The only finding.
        func finding() throws -> AuditFinding {
            let findings = findings()
            #expect(findings.count == 1, "\(findings)")
            return try #require(findings.first)
        }
    }

    static func domain(
        _ vm: VirtualMachine,
        isActive: Bool = true,
        cell: String = "ours",
        state: VMState? = nil
    ) -> DomainSummary {
        DomainSummary(
            uuid: vm.uuid.uuidString.lowercased(),
            name: vm.domainName,
            isActive: isActive,
            cpu: 1,
            ramMiB: 1,
            record: vm,
            cell: cell,
            state: state
        )
    }

    @Test("Nothing where all is as it must be, with jobs in all places")
    func well() throws {
        var world = try World()
        #expect(world.findings().isEmpty)
        world.snapshot.underWay[world.vm.id] = JobID(1)
        try world.add(job: 1, .running, at: .worker("w"))
        world.snapshot.leases = [try #require(JobID(1))]
        try world.add(job: 2, .waiting, at: .behind(world.vm.id))
        try world.add(job: 3, .waiting, at: .behind(world.vm.id))
        try world.add(job: 4, .queued, at: .queue)
        try world.add(job: 5, .delayed, at: .delayed)
        try world.add(job: 6, .done)
        #expect(world.findings().isEmpty)
    }

    @Test("I1: a project counts its VMs and what resizes under way are to add, and is listed")
    func projects() throws {
        var world = try World()
        let (needs, job) = (world.vm.needs, try #require(JobID(7)))
        let more = Resources(cpu: 1, ram: 0, disk: 2)
        world.snapshot.jobs[job] = AuditSnapshot.JobRow(id: job, state: .queued, vm: world.vm.id, reserved: more)
        world.snapshot.places.append((.queue, job))
        let right = ProjectUsage(vms: 1, needs: needs + more)
        world.snapshot.projects = [.default: right]
        #expect(world.findings().isEmpty)
        for wrong in [ProjectUsage(vms: 2, needs: right.needs), ProjectUsage(vms: 1, needs: needs)] {
            world.snapshot.projects = [.default: wrong]
            let correction = ProjectCorrection(project: .default, from: wrong, to: right)
            #expect(try world.finding().remedy == .recountProject(correction))
        }
        world.snapshot.projects = [.default: right]
        world.snapshot.unlistedProjects = [.default]
        #expect(try world.finding().row == "hvc:project:default")
    }

    @Test("I1: a group's counts are those of its VMs, and its rule is theirs; a group without VMs has no record")
    func groups() throws {
        var world = try World()
        let vm = try HypervisorFixture.vm(2, constraints: PlacementConstraints(groups: ["db": .antiAffinity]))
        world.snapshot.vms.append(VMStatus(vm: vm, state: .error, pm: nil, hasJob: true))
        let right = AuditSnapshot.GroupRow(rule: .antiAffinity, members: 1, placed: 0)
        world.snapshot.groups["db"] = right
        #expect(world.findings().isEmpty)
        let wrong = [
            AuditSnapshot.GroupRow(rule: .affinity, members: 1, placed: 0),
            AuditSnapshot.GroupRow(rule: .antiAffinity, members: 2, placed: 0),
            AuditSnapshot.GroupRow(rule: .antiAffinity, members: 1, placed: 1),
            nil,
        ]
        for row in wrong {
            world.snapshot.groups["db"] = row
            let finding = try world.finding()
            let correction = GroupCorrection(
                group: "db",
                rule: .antiAffinity,
                members: 1 - (row?.members ?? 0),
                placed: 0 - (row?.placed ?? 0)
            )
            #expect(finding.row == "hvc:group:db" && finding.remedy == .recountGroup(correction), "\(finding)")
        }
        world.snapshot.groups = ["db": right, "gone": AuditSnapshot.GroupRow(rule: .spread, members: 0, placed: 0)]
        #expect(try world.finding().row == "hvc:group:gone")
    }

    @Test("I4: a hold that nothing ends, and what is to end as a hold and is none")
    func holds() throws {
        var world = try World()
        let vm = try HypervisorFixture.vm(2)
        world.snapshot.vms.append(VMStatus(vm: vm, state: .held, pm: nil))
        #expect(try world.finding().problem == "VM 2 is held, and nothing ends it")
        world.snapshot.holds = [vm.id]
        #expect(world.findings().isEmpty)
        world.snapshot.holds = [vm.id, world.vm.id]
        let finding = try world.finding()
        #expect(finding.problem == "VM 1 is no hold, and is to end as one" && finding.remedy == .retime(world.vm.id))
    }

    @Test("Listed PMs are read, and unlisted ones that have VMs, but none under an earlier address, too")
    func machinesToRead() throws {
        func row(_ number: Int, isListed: Bool, vms: Int, host: String?) throws -> AuditSnapshot.MachineRow {
            var machine = PhysicalMachine(
                id: try #require(PMID(number)),
                listing: PMListing(address: try PMAddress("host\(number)"))
            )
            machine.isListed = isListed
            return AuditSnapshot.MachineRow(
                machine: machine,
                claims: Dictionary(
                    uniqueKeysWithValues: (0..<vms).compactMap { VMID($0 + 1) }.map { (.vm($0), Resources.zero) }
                ),
                hostUUID: host
            )
        }
        var snapshot = AuditSnapshot()
        snapshot.machines = [
            try row(1, isListed: true, vms: 0, host: "a"), try row(2, isListed: false, vms: 2, host: "a"),
            try row(3, isListed: false, vms: 2, host: "b"), try row(4, isListed: false, vms: 0, host: "c"),
            try row(5, isListed: false, vms: 1, host: nil), try row(6, isListed: true, vms: 0, host: nil),
        ]
        #expect(snapshot.machinesToRead.map(\.machine.id.value) == [1, 3, 5, 6])
    }

    @Test("I2: a domain that is in another state, absent, elsewhere, or without a record has its PM probed")
    func domains() throws {
        var world = try World()
        var disks = [world.disk(world.vm.diskName)]
        let probe = AuditFinding.Remedy.probe(world.pm)
        for domains in [[], [Self.domain(world.vm, isActive: false)]] {
            world.put(domains, disks)
            #expect(try world.finding().invariant == .domains)
            #expect(try world.finding().remedy == probe)
        }
        world.snapshot.vms = [VMStatus(vm: world.vm, state: .missing, pm: world.pm)]
        world.put([], disks)
        #expect(try world.finding().invariant == .attention)
        world.snapshot.vms = [VMStatus(vm: world.vm, state: .destroying, pm: world.pm, hasJob: true)]
        world.snapshot.underWay[world.vm.id] = JobID(1)
        try world.add(job: 1, .delayed, at: .delayed)
        #expect(world.findings().isEmpty)

        world = try World()
        disks = [world.disk(world.vm.diskName)]
        let lost = try HypervisorFixture.vm(2)
        let contested = try HypervisorFixture.vm(1)
        for (vm, remedy) in [(lost, probe), (contested, nil)] {
            world.put([Self.domain(world.vm), Self.domain(vm)], disks)
            #expect(try world.finding().remedy == remedy)
            world.put([Self.domain(world.vm), Self.domain(vm, cell: "theirs")], disks)
            #expect(world.findings().isEmpty)
        }
    }

    @Test("I2: two PMs with a domain of one VM")
    func twice() throws {
        var world = try World()
        let other = try #require(PMID(2))
        world.put([Self.domain(world.vm)], on: other)
        #expect(try world.finding().problem.contains("too"))
        #expect(try world.finding().remedy == nil)
        // Where its own PM could not be read, it may have been moved.
        world.contents[world.pm] = .failure(Failure(.machineUnreachable, "away"))
        let findings = world.findings()
        #expect(Set(findings.map(\.invariant)) == [.unread, .domains])
        #expect(findings.last?.remedy == .probe(other))
    }

    @Test("I3: a job that stands nowhere is put back; in the wrong place, in two, or after its end is reported")
    func jobs() throws {
        for state in [Job.State.queued, .waiting, .running, .delayed] {
            var world = try World()
            try world.add(job: 1, state)
            #expect(try world.finding().remedy == .requeue(#require(JobID(1))))
            try world.add(job: 1, state, at: .queue, .delayed)
            #expect(try world.finding().problem.contains("more than one"))
        }
        for state in [Job.State.done, .failed, .dead, nil] {
            var world = try World()
            try world.add(job: 1, state, at: .queue)
            #expect(try world.finding().invariant == .jobs)
        }
        var world = try World()
        try world.add(job: 1, .running, at: .worker("w"))
        #expect(try world.finding().problem.contains("does not stand there"), "it has no lease")
        world = try World()
        world.snapshot.leases = [try #require(JobID(7))]
        #expect(try world.finding().row == "hvc:leases")
    }

    @Test("I6: jobs of a VM that run at once, wait in another order, or wait for one that has ended")
    func order() throws {
        var world = try World()
        world.snapshot.leases = [try #require(JobID(1)), try #require(JobID(2))]
        world.snapshot.underWay[world.vm.id] = JobID(1)
        try world.add(job: 1, .running, at: .worker("a"))
        try world.add(job: 2, .running, at: .worker("b"))
        #expect(try world.finding().invariant == .order)

        world = try World()
        world.snapshot.underWay[world.vm.id] = JobID(1)
        try world.add(job: 1, .queued, at: .queue)
        try world.add(job: 3, .waiting, at: .behind(world.vm.id))
        try world.add(job: 2, .waiting, at: .behind(world.vm.id))
        #expect(try world.finding().problem.contains("order"))

        world = try World()
        world.snapshot.underWay[world.vm.id] = JobID(1)
        #expect(try world.finding().remedy == .free(world.vm.id))
        world.snapshot.underWay = [:]
        try world.add(job: 3, .waiting, at: .behind(world.vm.id))
        #expect(try world.finding().remedy == .free(world.vm.id))

        world = try World()
        world.snapshot.vms = [VMStatus(vm: world.vm, state: .building, pm: world.pm)]
        #expect(try world.finding().invariant == .jobs)
    }
}
