import Foundation
import Model
import Store
import XML

/// The hypervisor of a simulated PM: a model behind the port, whose domains and disks are fields of a hash in Redis.
///
/// It keeps nothing, so that one is made for each use. Each operation reads the fields that it needs, decides, and writes
/// what it changes where nobody was faster.
struct SimulatedHypervisor: Hypervisor {
    let pm: SimulatedPM
    let store: Store
    /// The installation's name in the metadata of its domains.
    let cell: String

    /// How guests run there, in the words of libvirt's driver names.
    static let domainType = "simulated"

    private var chance: SimulatedChance { SimulatedChance(pm: pm) }

    func inventory() async throws(Failure) -> HypervisorInventory {
        let host = try await readInventory()
        let capacity = chance.capacity
        let pool = Int64(capacity.disk) << 30
        return HypervisorInventory(
            cpus: capacity.cpu,
            memoryMiB: capacity.ram,
            architecture: "x86_64",
            hostname: "simulated-\(pm.number)",
            hostUUID: hostUUID,
            poolCapacity: pool,
            poolAvailable: max(0, pool - host.allocation),
            domainType: Self.domainType,
            domainTypeReason: "the PM is simulated, and no guest runs",
            domains: host.domainSummaries,
            volumes: host.volumeSummaries
        )
    }

    func contents() async throws(Failure) -> PMContents {
        let host = try await readInventory()
        return PMContents(domains: host.domainSummaries, volumes: host.volumeSummaries)
    }

    func watch(
        begun: () async -> Void,
        change: (DomainChange) async -> Void
    ) async throws(Failure) -> Bool { false }

    /// Guests that do not run need no network.
    func ensureNetwork(for vm: VirtualMachine) async throws(Failure) {}

    func ensureImage(_ image: ImageFile) async throws(Failure) {
        let fields = SimulatedHost.fields(image)
        try await act(.image, on: "\(image.image.id)", "sending image \(image.image.id)", fields) {
            host throws(Failure) in
            guard host.volume(image.markerName) == nil || host.volume(image.volumeName) == nil else { return }
            try checkRoom(for: image.fileSize, in: host)
            host.set(volume(image.fileSize, capacity: image.fileSize, at: host.now), name: image.volumeName)
            host.set(volume(0, capacity: 0, at: host.now), name: image.markerName)
        }
    }

    func ensureDisk(of vm: VirtualMachine, over image: ImageFile) async throws(Failure) {
        try image.checkFits(vm)
        let fields = SimulatedHost.fields(of: vm, image)
        try await act(.disk, on: "\(vm.id)", "making the disk of VM \(vm.id)", fields) { host throws(Failure) in
            guard host.volume(image.markerName) != nil, host.volume(image.volumeName) != nil else {
                throw failure(
                    .imageUnusable,
                    "it has no whole copy of image \(image.image.id): bring it there first"
                )
            }
            if let disk = host.volume(vm.diskName) {
                // The disk of a domain that is defined stays, whatever it is.
                let isUsable = disk.backing == image.volumeName && disk.capacity == vm.diskBytes
                if isUsable || host.domain(vm.simulatedKey) != nil { return }
            }
            // As if its guest had written a quarter of it.
            let allocation = vm.diskBytes / 4
            try checkRoom(for: allocation, in: host)
            var disk = volume(allocation, capacity: vm.diskBytes, at: host.now)
            disk.backing = image.volumeName
            host.set(disk, name: vm.diskName)
        }
    }

    func ensureSeed(_ content: [UInt8], of vm: VirtualMachine) async throws(Failure) {
        let (doing, fields) = ("making the seed disk of VM \(vm.id)", SimulatedHost.fields(of: vm))
        let bytes = Int64(content.count)
        try await act(.seed, on: "\(vm.id)", doing, fields) { host throws(Failure) in
            if let seed = host.volume(vm.seedName) {
                let isWhole = seed.capacity == bytes
                if isWhole || host.domain(vm.simulatedKey) != nil { return }
            }
            try checkRoom(for: bytes, in: host)
            host.set(volume(bytes, capacity: bytes, at: host.now), name: vm.seedName)
        }
    }

    func ensureDefined(_ vm: VirtualMachine, over image: ImageFile) async throws(Failure) {
        try await act(.domain, on: "\(vm.id)", "defining VM \(vm.id)", SimulatedHost.fields(of: vm)) {
            host throws(Failure) in
            guard try ownDomain(of: vm, in: &host) == nil else { return }
            if let other = host.uuid(ofDomain: vm.domainName) {
                throw failure(
                    .hypervisor,
                    "a domain that is not ours is called '\(vm.domainName)' (\(other)): rename it there"
                )
            }
            for name in [vm.diskName] + (vm.seed == nil ? [] : [vm.seedName]) where host.volume(name) == nil {
                throw failure(
                    .hypervisor,
                    "a disk of VM \(vm.id), '\(name)', no longer exists: create the VM again"
                )
            }
            let domain = SimulatedHost.Domain(
                name: vm.domainName,
                cpu: vm.needs.cpu,
                ram: vm.needs.ram,
                metadata: vm.metadataElement(cell: cell).xmlString
            )
            host.set(domain, uuid: vm.simulatedKey)
        }
    }

    func ensureRunning(_ vm: VirtualMachine) async throws(Failure) {
        try await act(.start, on: "\(vm.id)", "starting VM \(vm.id)", SimulatedHost.fields(of: vm)) {
            host throws(Failure) in
            guard var domain = try ownDomain(of: vm, in: &host) else {
                throw failure(.hypervisor, "VM \(vm.id) has no domain there: create the VM again")
            }
            guard !domain.active else { return }
            domain.active = true
            host.set(domain, uuid: vm.simulatedKey)
        }
    }

    @discardableResult
    func remove(_ vm: VirtualMachine) async throws(Failure) -> [String] {
        try await act(.remove, on: "\(vm.id)", "removing VM \(vm.id)", SimulatedHost.fields(of: vm)) {
            host throws(Failure) in
            host.spareAfterLostAnswer(uuid: vm.simulatedKey)
            if try ownDomain(of: vm, in: &host) != nil { host.set(nil, uuid: vm.simulatedKey) }
            for name in [vm.diskName, vm.seedName] where host.volume(name) != nil { host.set(nil, name: name) }
        } whenUnanswered: { host in
            // Or a create that fails there time and again would never be known to have left nothing.
            host.noteLostAnswer(uuid: vm.simulatedKey)
        }
        return []
    }

    func removeDisk(named name: String, olderThan age: Duration) async throws(Failure) -> Bool {
        let doing = "removing the disk \(name)"
        // Any domain there may name it.
        return try await act(.deleteDisk, on: name, doing, nil) { host throws(Failure) in
            guard let owner = VolumeName(name).domainName, let disk = host.volume(name) else { return }
            let isUsed = host.domainSummaries.contains { $0.name == owner || $0.record?.domainName == owner }
            guard !isUsed, age == .zero || .milliseconds(host.now - disk.written) > age else { return }
            host.set(nil, name: name)
        }
    }

    // MARK: What operations share

    /// Reads what is there, and writes what the body makes of it.
    ///
    /// An operation that has nothing to do does not fail, so that who repeats one comes to an end.
    ///
    /// - Parameters:
    ///   - operation: what is done.
    ///   - subject: what it is done to.
    ///   - doing: what is done, in words.
    ///   - fields: the fields that the body needs; nil for all.
    ///   - body: the operation.
    ///   - note: what is written as well where the answer is lost.
    /// - Returns: whether there was anything to do.
    /// - Throws: `Failure`.
    @discardableResult
    private func act(
        _ operation: SimulatedChance.Operation,
        on subject: String,
        _ doing: String,
        _ fields: [String]?,
        _ body: (inout SimulatedHost) throws(Failure) -> Void,
        whenUnanswered note: (inout SimulatedHost) -> Void = { _ in }
    ) async throws(Failure) -> Bool {
        try await wait(chance.latency(of: operation, on: subject))
        while true {
            var host = try await read(fields)
            var index: [String: String] = [:]
            if !host.isIndexed {
                host = try await read()
                index = host.index
                host = SimulatedHost(host, with: index)
            }
            try body(&host)
            guard !host.changes.isEmpty else { return false }
            let fault = host.isSpared ? nil : chance.fault(of: operation, on: subject)
            if fault == .unanswered { note(&host) }
            if fault == .refused { throw failure(.hypervisor, "\(doing): refused, as its seed has it") }
            // Where somebody was faster, what is there now decides.
            guard try await write(host, index) else { continue }
            if fault == .unanswered { throw failure(.machineUnreachable, "\(doing): no answer, as its seed has it") }
            return true
        }
    }

    private func readInventory() async throws(Failure) -> SimulatedHost {
        try await wait(chance.latency(of: .inventory))
        return try await read()
    }

    private func read(_ fields: [String]? = nil) async throws(Failure) -> SimulatedHost {
        let (read, now) =
            if let fields { try await store.simulatedPM(pm.number, fields: fields) } else {
                try await store.simulatedPM(pm.number)
            }
        return SimulatedHost(fields: read, now: now)
    }

    /// Writes the changes, and the index where there was none; false where somebody was faster.
    private func write(_ host: SimulatedHost, _ index: [String: String]) async throws(Failure) -> Bool {
        // Whoever else makes the index at the same time is faster or slower, too.
        let unmade = index.mapValues { _ in String?.none }
        return try await store.changeSimulatedPM(
            pm.number,
            seen: host.seen.merging(unmade) { _, unmade in unmade },
            changes: index.mapValues { Optional($0) }.merging(host.changes) { _, change in change },
            allocated: host.allocated
        )
    }

    private func wait(_ latency: Duration) async throws(Failure) {
        guard latency > .zero else { return }
        do { try await Task.sleep(for: latency) } catch { throw .cancelled }
    }

    /// The VM's domain, nil where there is none; a domain with its UUID and without its record is none of ours.
    private func ownDomain(
        of vm: VirtualMachine,
        in host: inout SimulatedHost
    ) throws(Failure) -> SimulatedHost.Domain? {
        guard let domain = host.domain(vm.simulatedKey) else { return nil }
        let record = domain.metadata.flatMap(VirtualMachine.init(metadata:))
        guard let record, record.id == vm.id, record.uuid == vm.uuid else {
            throw failure(
                .hypervisor,
                "domain '\(domain.name)' has the UUID of VM \(vm.id) and does not carry its record: it is left alone"
            )
        }
        return domain
    }

    private func volume(_ allocation: Int64, capacity: Int64, at now: Int) -> SimulatedHost.Volume {
        SimulatedHost.Volume(allocation: allocation, capacity: capacity, written: now)
    }

    private func checkRoom(for bytes: Int64, in host: SimulatedHost) throws(Failure) {
        guard host.allocation + bytes <= Int64(chance.capacity.disk) << 30 else {
            throw failure(.storageFull, "its pool has no room: free some space there")
        }
    }

    private func failure(_ code: FailureCode, _ message: String) -> Failure {
        Failure(code, "PM \(pm.uri): \(message)")
    }

    /// Of the number alone: what stands there goes with it.
    private var hostUUID: String {
        let digits = String(pm.number, radix: 16)
        return "51300000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    }
}
