import Model

/// One PM's hypervisor, as handlers and discovery need it; libvirt stands behind it, and in the simulator a model.
///
/// Every operation is safe to repeat: it finds what an earlier run made, by the VM's UUID and by names that follow
/// from it. Every operation ends within its deadline or is cancelled with its task, and throws `Failure`.
protocol Hypervisor: Sendable {
    /// Looks at the machine, its storage and its domains, all of them or none.
    func inventory() async throws(Failure) -> HypervisorInventory

    /// Lists the domains and the volumes, and changes nothing.
    func contents() async throws(Failure) -> PMContents

    /// Sees that the network to which guests are attached is there and active; starts one that libvirt was to start.
    func ensureNetwork() async throws(Failure)

    /// Brings the image to the PM's pool unless it is there whole.
    func ensureImage(_ image: ImageFile) async throws(Failure)

    /// Makes the VM's disk over the image, as large as its type says, unless it is there.
    func ensureDisk(of vm: VirtualMachine, over image: ImageFile) async throws(Failure)

    /// Defines the VM's domain, with its record in the metadata, unless it is there.
    func ensureDefined(_ vm: VirtualMachine, over image: ImageFile) async throws(Failure)

    /// Starts the VM's domain unless it runs.
    func ensureRunning(_ vm: VirtualMachine) async throws(Failure)

    /// Ends and undefines the VM's domain and deletes its disk, with what snapshots made of it; what is gone already is
    /// fine.
    ///
    /// - Parameter vm: the VM.
    /// - Returns: the paths of files that its domain used and that stay: they are outside of the pool, or not the VM's.
    /// - Throws: `Failure`.
    @discardableResult
    func remove(_ vm: VirtualMachine) async throws(Failure) -> [String]

    /// Deletes a VM's disk that belongs to nobody, unless a domain names it or it was written to lately.
    ///
    /// - Parameters:
    ///   - name: the volume's name.
    ///   - age: how long ago it must have been written to.
    /// - Returns: false where it stays.
    /// - Throws: `Failure`.
    func removeDisk(named name: String, olderThan age: Duration) async throws(Failure) -> Bool

    /// Tells what happens to the domains there, until the connection breaks or the task is cancelled.
    ///
    /// - Parameters:
    ///   - begun: called before the first change is told; from then on none is missed.
    ///   - change: called for each change.
    /// - Returns: false where this hypervisor tells nothing.
    /// - Throws: `Failure` where the PM cannot be asked.
    func watch(
        begun: () async -> Void,
        change: (DomainChange) async -> Void
    ) async throws(Failure) -> Bool
}

/// An image's file on this worker, as it was found when it was last inspected.
struct ImageFile: Hashable, Sendable {
    /// The image it is.
    let image: Image
    /// What its first bytes say.
    let format: ImageFormat
    /// The file's length in bytes.
    let fileSize: Int64
    /// The disk's size as the guest sees it, in bytes.
    let virtualSize: Int64
    /// Tells contents apart: changes when the file does.
    ///
    /// Lower-case letters, digits and dashes.
    let fingerprint: String
}

/// What a hypervisor says of its machine.
struct HypervisorInventory: Hashable, Sendable {
    /// CPUs of the machine (`virNodeGetInfo`).
    var cpus: Int
    /// Memory in MiB (`virNodeGetInfo`).
    var memoryMiB: Int
    /// The machine's architecture, as `x86_64` (`virNodeGetInfo`'s model).
    var architecture: String
    /// The machine's host name (`virConnectGetHostname`).
    var hostname: String
    /// Identifies the machine whatever its address (the host UUID of `virConnectGetCapabilities`).
    var hostUUID: String
    /// The pool's size in bytes (`virStoragePoolGetInfo`).
    var poolCapacity: Int64
    /// The pool's free space in bytes (`virStoragePoolGetInfo`).
    var poolAvailable: Int64
    /// How guests of ours run there: `kvm`, `qemu`, or the driver's own word.
    var domainType: String
    /// How that was decided, for people.
    var domainTypeReason: String
    /// Every domain on the machine (`virConnectListAllDomains`).
    var domains: [DomainSummary]
    /// The volumes in the pool that are called as ours are.
    var volumes: [VolumeSummary]
}

/// What is on a PM that VMs are made of.
struct PMContents: Hashable, Sendable {
    /// Every domain on the machine.
    var domains: [DomainSummary]
    /// The volumes in the pool that are called as ours are; none where there is no pool.
    var volumes: [VolumeSummary]
}

/// A volume of ours in a PM's pool.
struct VolumeSummary: Hashable, Sendable {
    /// Its name: an image's copy, an image's marker or a VM's disk.
    var name: String
    /// What it takes of the pool, in bytes.
    var allocation: Int64

    /// The image of which it says that a copy is whole, by `hvc-image-<number>-….ready`; nil where it says that of none.
    var cachedImage: ImageID? {
        guard name.utf8.starts(with: "hvc-image-".utf8), name.hasSuffix(".ready") else { return nil }
        return ImageID(name.dropFirst("hvc-image-".count).prefix { $0 != "-" })
    }

    /// The domain of the VM after which it is called; nil for an image and what else there is.
    var domainName: String? { VolumeName(name).domainName }

    /// True where it is a VM's disk as it was made: `hvc-<number>-<eight hexadecimal digits>.qcow2`.
    var isDisk: Bool { domainName.map { name == "\($0).qcow2" } ?? false }
}

/// One domain in an inventory.
struct DomainSummary: Hashable, Sendable {
    /// Its UUID, lower-case.
    var uuid: String
    /// Its name on the PM.
    var name: String
    /// True while it runs or is paused.
    var isActive: Bool
    /// Virtual CPUs.
    var cpu: Int
    /// Memory it may use, in MiB.
    var ramMiB: Int
    /// Our record, where the domain is ours and says so in its metadata.
    var record: VirtualMachine?
    /// The installation that made it, where it has our record.
    var cell: String?
    /// What a VM whose domain this is does.
    var state: VMState
    /// libvirt's reason for the state; nil where it says none.
    var stateReason: String?

    /// Describes a domain.
    ///
    /// - Parameters:
    ///   - uuid: its UUID, lower-case.
    ///   - name: its name on the PM.
    ///   - isActive: whether it runs or is paused.
    ///   - cpu: virtual CPUs.
    ///   - ramMiB: memory it may use.
    ///   - record: our record in its metadata.
    ///   - cell: the installation that made it.
    ///   - state: what it does; nil where that is no more than `isActive` says.
    ///   - stateReason: libvirt's reason for the state.
    init(
        uuid: String,
        name: String,
        isActive: Bool,
        cpu: Int,
        ramMiB: Int,
        record: VirtualMachine? = nil,
        cell: String? = nil,
        state: VMState? = nil,
        stateReason: String? = nil
    ) {
        self.uuid = uuid
        self.name = name
        self.isActive = isActive
        self.cpu = cpu
        self.ramMiB = ramMiB
        self.record = record
        self.cell = cell
        self.state = state ?? (isActive ? .running : .stopped)
        self.stateReason = stateReason
    }

    /// How it differs from what a VM was made as, in words for people; nil where it does not.
    ///
    /// - Parameter vm: the VM whose domain it is.
    /// - Returns: the name, CPUs and memory that are others.
    func drift(from vm: VirtualMachine) -> String? {
        var words: [String] = []
        if name != vm.domainName { words.append("renamed to \(name)") }
        if cpu != vm.needs.cpu { words.append("\(cpu) CPUs instead of \(vm.needs.cpu)") }
        if ramMiB != vm.needs.ram { words.append("\(ramMiB) MiB of memory instead of \(vm.needs.ram)") }
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }
}
