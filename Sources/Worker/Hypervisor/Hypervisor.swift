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

    /// Brings the image to the PM's pool unless it is there whole.
    func ensureImage(_ image: ImageFile) async throws(Failure)

    /// Makes the VM's disk over the image, as large as its type says, unless it is there.
    func ensureDisk(of vm: VirtualMachine, over image: ImageFile) async throws(Failure)

    /// Defines the VM's domain, with its record in the metadata, unless it is there.
    func ensureDefined(_ vm: VirtualMachine, over image: ImageFile) async throws(Failure)

    /// Starts the VM's domain unless it runs.
    func ensureRunning(_ vm: VirtualMachine) async throws(Failure)

    /// Ends and undefines the VM's domain and deletes its disk; what is gone already is fine.
    func remove(_ vm: VirtualMachine) async throws(Failure)

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

    /// True where it is a VM's disk: `hvc-<number>-<eight hexadecimal digits>.qcow2`.
    ///
    /// By bytes: each look at a PM asks for each of its volumes, and a regular expression was a quarter of a look.
    var isDisk: Bool {
        let (start, end) = ("hvc-".utf8, ".qcow2".utf8)
        let name = name.utf8
        guard name.starts(with: start), name.reversed().starts(with: end.reversed()) else { return false }
        let words = name.dropFirst(start.count).dropLast(end.count)
            .split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard words.count == 2, let number = words.first, let mark = words.last else { return false }
        return !number.isEmpty && number.allSatisfy(Self.isDigit) && mark.count == 8
            && mark.allSatisfy { Self.isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
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
}
