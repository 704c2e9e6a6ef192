import Model
import Store
import Testing

@testable import Worker

@Suite("What a probe of a PM comes to")
struct PMInspectionTests {
    private let failure = Failure(.machineUnreachable, "silent")
    private let host = HostMeasure(
        totalMemoryMiB: 8000,
        availableMemoryMiB: 5000,
        cpus: 4,
        load: HostMeasure.LoadAverage(oneMinute: 0.5, fiveMinutes: 0, fifteenMinutes: 0),
        disk: HostMeasure.DiskSpace(capacity: 100 << 30, available: 50 << 30),
        system: HostMeasure.System(architecture: "x86_64", hostname: "h", kernel: "6.1"),
        bootID: "b",
        machineID: "m"
    )

    private func inventory(
        _ domains: [DomainSummary] = [],
        volumes: [VolumeSummary] = []
    ) -> HypervisorInventory {
        HypervisorInventory(
            cpus: 8,
            memoryMiB: 7900,
            architecture: "x86_64",
            hostname: "h",
            hostUUID: "u",
            poolCapacity: 90 << 30,
            poolAvailable: 40 << 30,
            domainType: "qemu",
            domainTypeReason: "asked for",
            domains: domains,
            volumes: volumes
        )
    }

    private func report(
        _ host: Result<HostMeasure, Failure>?,
        _ inventory: Result<HypervisorInventory, Failure>,
        claimants: Set<String> = []
    ) throws -> DiscoveryReport {
        let id = try #require(PMID(1))
        let machine = PhysicalMachine(
            id: id,
            listing: PMListing(address: try PMAddress("h"), overcommit: Overcommit(cpu: 2, ram: 1, disk: 1)),
            claimed: Resources(cpu: 1, ram: 512, disk: 1)
        )
        return PMInspection(machine: machine, host: host, inventory: inventory, claimants: claimants).report
    }

    @Test("How long a probe's decision holds is recorded with the boot id that was measured, or not at all")
    func domainTypeBasis() throws {
        var probed = inventory()
        probed.domainTypeBasis = .probed(versions: "9.0.0/7.2.0")
        #expect(try report(.success(host), .success(probed)).facts["domain_type_basis"] == "b/9.0.0/7.2.0")
        #expect(try report(nil, .success(probed)).facts["domain_type_basis"] == "")
        // It was taken over under an earlier run of the kernel, and is not taken for one of this run.
        probed.domainTypeBasis = .recorded("a/9.0.0/7.2.0")
        #expect(try report(.success(host), .success(probed)).facts["domain_type_basis"] == "a/9.0.0/7.2.0")
        #expect(try report(.success(host), .success(inventory())).facts["domain_type_basis"] == "")
    }

    @Test("Silence is unknown or degraded with the reason, and carries no figures")
    func silence() throws {
        let unknown = try report(.failure(failure), .failure(failure))
        #expect(unknown.state == .unknown && unknown.measure == nil && unknown.reason.contains("silent"))
        let noSSH = try report(.failure(failure), .success(inventory()))
        #expect(noSSH.state == .degraded && noSSH.measure == nil && noSSH.reason.hasPrefix("ssh"))
        let noLibvirt = try report(.success(host), .failure(failure))
        #expect(noLibvirt.state == .degraded && noLibvirt.measure == nil && noLibvirt.reason.hasPrefix("libvirt"))
        #expect(try report(nil, .failure(failure)).state == .unknown)
    }

    @Test("Memory is what the host says, CPUs the smaller number, disk the pool's")
    func figures() throws {
        let measure = try #require(try report(.success(host), .success(inventory())).measure)
        #expect(measure.capacity == Resources(cpu: 4, ram: 8000, disk: 90))
        #expect(measure.available == Resources(cpu: 8, ram: 5000, disk: 40))
        #expect(measure.load == 0.5)
    }

    @Test("Where host and libvirt count CPUs differently the record says so; where they agree it does not")
    func cpus() throws {
        let facts = try report(.success(host), .success(inventory())).facts
        #expect(facts["cpu_reason"] == "libvirt counts 8 CPUs and the host 4: the smaller number counts")
        var other = host
        other.cpus = 8
        #expect(try report(.success(other), .success(inventory())).facts["cpu_reason"] == "")
        other.cpus = nil
        let report = try report(.success(other), .success(inventory()))
        #expect(report.measure?.capacity.cpu == 8 && report.facts["cpu_reason"] == "")
    }

    @Test("Figures that nothing needs are noted as missing, and the PM is up without them")
    func missing() throws {
        let bare = HostMeasure(totalMemoryMiB: 8000, availableMemoryMiB: 5000)
        let report = try report(.success(bare), .success(inventory()))
        #expect(report.state == .up && report.reason == "" && report.measure?.load == nil)
        #expect(report.facts["missing"] == "cpus,load,disk,system,boot_id,machine_id")
        #expect(try self.report(.success(host), .success(inventory())).facts["missing"] == "")
    }

    @Test("What a login prints is reported where libvirt fails")
    func chatter() throws {
        var noisy = host
        noisy.chatter = "welcome"
        #expect(try report(.success(noisy), .failure(failure)).reason.hasSuffix("ssh prints 'welcome' there"))
        #expect(try report(.success(noisy), .success(inventory())).reason == "")
    }

    @Test("A machine is known again by host UUID, boot id and machine id together, or not at all")
    func identity() {
        var inventory = inventory()
        inventory.hostUUID = "11111111-2222-3333-4444-AAAABBBBCCCC"
        #expect(MachineIdentity.text(host: host, inventory: inventory) == "11111111-2222-3333-4444-aaaabbbbcccc/b/m")
        for part in [\HostMeasure.bootID, \HostMeasure.machineID] {
            var host = host
            host[keyPath: part] = nil
            #expect(MachineIdentity.text(host: host, inventory: inventory) == nil)
        }
        // A driver that pretends has a URI for one.
        inventory.hostUUID = "test:///default"
        #expect(MachineIdentity.text(host: host, inventory: inventory) == nil)
    }

    @Test("Memory that our VMs hold and do not use yet is still to come off what was available")
    func memoryToCome() throws {
        func claimed(isActive: Bool, ram: Int = 512) throws -> Resources? {
            let domain = DomainSummary(uuid: "a", name: "a", isActive: isActive, cpu: 1, ramMiB: ram, record: nil)
            return try report(.success(host), .success(inventory([domain])), claimants: ["a"]).measure?.claimed
        }
        #expect(try claimed(isActive: true) == Resources(cpu: 1, ram: 512, disk: 1))
        #expect(try claimed(isActive: true, ram: 300) == Resources(cpu: 1, ram: 300, disk: 1))
        #expect(try claimed(isActive: false) == Resources(cpu: 1, ram: 0, disk: 1))
        // Claimed and started since the look began: the memory may have been measured before.
        #expect(try claimed(isActive: true, ram: 2000) == Resources(cpu: 1, ram: 512, disk: 1))
        let none = try report(.success(host), .success(inventory()), claimants: ["a"]).measure
        #expect(none?.claimed == Resources(cpu: 1, ram: 0, disk: 1))
    }

    @Test("Running domains that have no claim by our records are foreign")
    func foreign() throws {
        func domain(_ uuid: String, isActive: Bool = true) -> DomainSummary {
            DomainSummary(uuid: uuid, name: uuid, isActive: isActive, cpu: 2, ramMiB: 1000, record: nil)
        }
        let domains = [domain("ours"), domain("theirs"), domain("off", isActive: false)]
        let report = try report(.success(host), .success(inventory(domains)), claimants: ["ours"])
        #expect(report.measure?.foreign == Resources(cpu: 2, ram: 1000, disk: 50))
        #expect(report.facts["domains_foreign"] == "2")
    }

    @Test("Disk that others take is foreign; our disks count by their claims, however little they take yet")
    func foreignDisk() throws {
        let volumes = [
            VolumeSummary(name: "hvc-7-0123abcd.qcow2", allocation: 10 << 30),
            VolumeSummary(name: "hvc-image-100-1-2.qcow2", allocation: 5 << 30),
        ]
        let report = try report(.success(host), .success(inventory(volumes: volumes)))
        #expect(report.measure?.foreign == Resources(cpu: 0, ram: 0, disk: 40))
    }
}
