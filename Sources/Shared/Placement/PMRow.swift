public import Model

/// What every decision reads of a machine: a cache line without a reference in it.
public struct PMRow: Sendable {
    /// Whether the machine takes VMs, and why not.
    public enum Availability: UInt8, Sendable {
        /// It does.
        case open
        /// The PM file no longer lists it.
        case unlisted
        /// People have closed it.
        case cordoned
        /// Nobody has looked at it yet.
        case unexplored
        /// Its host or its libvirt does not answer.
        case notUp
        /// It was never measured.
        case unmeasured
    }

    /// When it was measured, in ms since 1970; `Int.max` where that is not known.
    public let measuredAt: Int
    /// The placement that used it last.
    public internal(set) var lastUsed: Int
    /// Its number.
    public let id: PMID
    /// Free CPUs.
    public private(set) var freeCPU: Int32
    /// Free memory in MiB.
    public private(set) var freeRAM: Int32
    /// Free disk in GiB.
    public private(set) var freeDisk: Int32
    /// What one CPU, MiB and GiB are of all that may be promised.
    public let cpuShare, ramShare, diskShare: Float
    /// The load average over one minute for each CPU, from 0 to 1: a half at one task a CPU, towards 1 beyond.
    public let business: Float
    /// A bit for each of the first 64 images of which it has a copy.
    let images: UInt64
    /// Creates that failed on it lately.
    public let failures: Int16
    /// Whether it takes VMs.
    public internal(set) var availability: Availability

    init(_ machine: PhysicalMachine) {
        id = machine.id
        measuredAt = machine.measure?.time ?? .max
        lastUsed = machine.lastUsed
        let free = machine.free
        (freeCPU, freeRAM, freeDisk) = (
            Int32(clamping: free.cpu), Int32(clamping: free.ram), Int32(clamping: free.disk)
        )
        let capacity = machine.listing.overcommit.applied(to: machine.measure?.capacity ?? .zero)
        cpuShare = 1 / Float(max(capacity.cpu, 1))
        ramShare = 1 / Float(max(capacity.ram, 1))
        diskShare = 1 / Float(max(capacity.disk, 1))
        let perCPU = Float(machine.measure?.load ?? 0) / Float(max(machine.measure?.capacity.cpu ?? 1, 1))
        business = perCPU.isFinite && perCPU >= 0 ? 1 - 1 / (1 + perCPU) : 1
        images = machine.cachedImages.reduce(0) { $0 | (PMRow.bit(of: $1) ?? 0) }
        failures = Int16(clamping: machine.failures)
        availability = Availability(machine)
    }

    /// The bit of an image; nil where it is none of the first 64, which are numbered from 100 on.
    static func bit(of image: ImageID) -> UInt64? {
        (100..<164).contains(image.value) ? 1 << UInt64(image.value - 100) : nil
    }

    mutating func take(free: Resources) {
        (freeCPU, freeRAM, freeDisk) = (
            Int32(clamping: free.cpu), Int32(clamping: free.ram), Int32(clamping: free.disk)
        )
    }
}

extension PMRow.Availability {
    fileprivate init(_ machine: PhysicalMachine) {
        self =
            if !machine.isListed {
                .unlisted
            } else if machine.isCordoned {
                .cordoned
            } else if !machine.isExplored {
                .unexplored
            } else if machine.state != .up {
                .notUp
            } else if machine.measure == nil {
                .unmeasured
            } else {
                .open
            }
    }
}
