/// What a hypervisor reports of its PM.
struct HypervisorInventory: Hashable, Sendable {
    /// CPUs of the PM (`virNodeGetInfo`).
    var cpus: Int
    /// Memory in MiB (`virNodeGetInfo`).
    var memoryMiB: Int
    /// Its architecture, as `x86_64` (`virNodeGetInfo`'s model).
    var architecture: String
    /// Its host name (`virConnectGetHostname`).
    var hostname: String
    /// Identifies it whatever its address (the host UUID of `virConnectGetCapabilities`).
    var hostUUID: String
    /// The pool's size in bytes (`virStoragePoolGetInfo`).
    var poolCapacity: Int64
    /// The pool's free space in bytes (`virStoragePoolGetInfo`).
    var poolAvailable: Int64
    /// How guests of ours run there: `kvm`, `qemu`, or the driver's own word.
    var domainType: String
    /// How that was decided, for people.
    var domainTypeReason: String
    /// How long that holds.
    var domainTypeBasis = DomainTypeBasis.none
    /// Every domain on the PM (`virConnectGetAllDomainStats`).
    var domains: [DomainSummary]
    /// The volumes in the pool that are called as ours are.
    var volumes: [VolumeSummary]
}

/// The domains and volumes on a PM, of which VMs are made.
struct PMContents: Hashable, Sendable {
    /// Every domain on the PM.
    var domains: [DomainSummary]
    /// The volumes in the pool that are called as ours are; none where there is no pool.
    var volumes: [VolumeSummary]
    /// The addresses that libvirt's networks keep and that are called as ours are; nil where they were not read.
    var reservations: [AddressReservation]?
}

/// What has to be as it was for a decision on the type of domains to hold.
enum DomainTypeBasis: Hashable, Sendable {
    /// Nothing that others could compare: it was not probed.
    case none
    /// The PM's kernel as it runs now, and the versions of its libvirt and its hypervisor.
    case probed(versions: String)
    /// As the PM's record says by which it was taken over.
    case recorded(String)
}
