package import Model

/// What every decision reads of a machine: the bytes of a cache line, without a reference in them.
package struct PMRow: Sendable {
    /// Whether the machine takes VMs, and why not.
    package enum Availability: UInt8, Sendable {
        /// It does.
        case open
        /// The PM file no longer lists it.
        case unlisted
        /// People have closed it.
        case cordoned
        /// It was not probed yet.
        case unprobed
        /// Its host or its libvirt does not answer.
        case notUp
        /// It was never measured.
        case unmeasured
        /// A plan empties it, or does without it.
        case leaving
        /// Another PM stands for the same machine.
        case alias
    }

    // The widest fields come first, so that nothing is lost between them.
    /// Its headroom: CPUs, memory in MiB and disk in GiB.
    private(set) var headroom: SIMD4<Int32>
    /// What one CPU, MiB and GiB are of all that may be promised.
    private let shares: SIMD4<Float>
    /// When it was measured, in ms since 1970; `Int.max` where that is not known.
    package let measuredAt: Int
    /// The placement that used it last.
    package internal(set) var lastUsed: Int
    /// Its number.
    package let id: PMID
    /// The load average over one minute for each CPU, from 0 to 1: a half at one task a CPU, towards 1 beyond.
    package let loadScore: Float
    /// Creates that failed on it lately.
    package let failures: Int16
    /// Whether it takes VMs.
    package internal(set) var availability: Availability

    init(_ machine: PhysicalMachine) {
        id = machine.id
        measuredAt = machine.measure?.time ?? .max
        lastUsed = machine.lastUsed
        headroom = SIMD4(machine.headroom)
        let capacity = machine.listing.overcommit.applied(to: machine.measure?.capacity ?? .zero)
        shares = SIMD4(
            1 / Float(max(capacity.cpu, 1)),
            1 / Float(max(capacity.ram, 1)),
            1 / Float(max(capacity.disk, 1)),
            0
        )
        let perCPU = Float(machine.measure?.load ?? 0) / Float(max(machine.measure?.capacity.cpu ?? 1, 1))
        loadScore = perCPU.isFinite && perCPU >= 0 ? 1 - 1 / (1 + perCPU) : 1
        failures = Int16(clamping: machine.failures)
        availability = Availability(machine)
    }

    /// The same as an amount.
    var headroomAmount: Resources {
        Resources(cpu: Int(headroom.x), ram: Int(headroom.y), disk: Int(headroom.z))
    }

    mutating func set(headroom amount: Resources) { headroom = SIMD4(amount) }

    /// What is left of each resource once something is claimed, as a share of all that may be promised.
    func sharesLeft(after taken: SIMD4<Int32>) -> SIMD4<Float> {
        let left = headroom &- taken
        return SIMD4<Float>(Float(left.x), Float(left.y), Float(left.z), 0) * shares
    }
}

extension SIMD4<Int32> {
    /// CPUs, memory and disk side by side, so that one instruction compares all of them.
    init(_ amount: Resources) {
        self.init(Int32(clamping: amount.cpu), Int32(clamping: amount.ram), Int32(clamping: amount.disk), 0)
    }
}

extension PMRow.Availability {
    fileprivate init(_ machine: PhysicalMachine) {
        self =
            if !machine.isListed {
                .unlisted
            } else if machine.aliasOf != nil {
                .alias
            } else if machine.isCordoned {
                .cordoned
            } else if !machine.isProbed {
                .unprobed
            } else if machine.state != .up {
                .notUp
            } else if machine.measure == nil {
                .unmeasured
            } else {
                .open
            }
    }
}
