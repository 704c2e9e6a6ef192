package import struct Foundation.UUID

/// A virtual machine that we made: the record kept in Redis and, whole, in the domain's metadata.
package struct VirtualMachine: Hashable, Sendable {
    /// Its number; never reused.
    package let id: VMID
    /// The domain's UUID, fixed when the request was accepted, so that a second run finds what the first one made.
    package let uuid: UUID
    /// The name its owner gave it; names need not differ.
    package let name: String
    /// The type it was asked for as.
    package let type: TypeID
    /// The image it started from.
    package let image: ImageID
    /// What it needs, kept here so that later edits of the type change nothing.
    package let needs: Resources
    /// Where it may go, as its owner asked.
    package let constraints: PlacementConstraints
    /// When it was accepted, as the store wrote it; nil in records that do not say.
    package let createdAt: String?
    /// The job that created it; nil in records that do not say.
    package let createJob: JobID?

    package init(
        id: VMID,
        uuid: UUID,
        name: String,
        type: TypeID,
        image: ImageID,
        needs: Resources,
        constraints: PlacementConstraints = .none,
        createdAt: String? = nil,
        createJob: JobID? = nil
    ) {
        self.id = id
        self.uuid = uuid
        self.name = name
        self.type = type
        self.image = image
        self.needs = needs
        self.constraints = constraints
        self.createdAt = createdAt
        self.createJob = createJob
    }

    /// The libvirt domain's name: our number for people, and enough of the UUID that two cells may share a PM.
    package var domainName: String {
        "hvc-\(id)-\(uuid.uuidString.lowercased().prefix(8))"
    }
}

/// Where a VM is in its life.
package enum VMState: String, Hashable, Sendable, CaseIterable {
    /// Accepted; not yet placed.
    case queued
    /// Placed, and not to be built yet: it holds its room until a time.
    case held
    /// Placed: its PM holds a claim for it, and a worker builds it.
    case building
    /// Its domain runs.
    case running
    /// Its domain is there and its guest is held: by an I/O error, by somebody, or asleep.
    case paused
    /// Its guest or its process ended by a fault.
    case crashed
    /// Its domain is defined and does not run.
    case stopped
    /// Its domain was not found where it should be.
    case missing
    /// A worker takes it down, or will when its PM answers.
    case destroying
    /// Its job was given up; what it left is found by a destroy.
    case error

    /// The states that may follow this one; a VM that is gone has no record.
    package var next: Set<VMState> {
        switch self {
        case .queued: [.building, .held]
        case .held: [.queued]
        case .building: [.running, .queued, .destroying, .error]
        case .running, .paused, .crashed, .stopped, .missing: Self.observed.subtracting([self]).union([.destroying])
        case .destroying: Self.observed.union([.error])
        case .error: Self.observed.union([.destroying])
        }
    }

    /// The states that follow from what a PM has, and change with it.
    package static let observed: Set<VMState> = [.running, .paused, .crashed, .stopped, .missing]

    /// The states in which the PM has a domain of the VM, as its record says.
    package static let withDomain = observed.subtracting([.missing])
}
