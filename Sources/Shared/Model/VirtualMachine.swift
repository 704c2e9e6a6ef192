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
    /// The addresses of its network cards, fixed when the request was accepted and kept for life; empty in records that do not
    /// say, whose cards have what libvirt drew.
    package let macs: [MACAddress]
    /// The project that it is of.
    package let project: ProjectName
    /// What its owner says of it.
    package let notes: VMNotes
    /// What its guest finds on its seed disk; nil where it has none.
    package let seed: SeedSummary?
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
        macs: [MACAddress] = [],
        project: ProjectName = .default,
        notes: VMNotes = .none,
        seed: SeedSummary? = nil,
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
        self.macs = macs
        self.project = project
        self.notes = notes
        self.seed = seed
        self.createdAt = createdAt
        self.createJob = createJob
    }

    /// The libvirt domain's name: our number for people, and enough of the UUID that two cells may share a PM.
    package var domainName: String {
        "hvc-\(id)-\(uuid.uuidString.lowercased().prefix(8))"
    }
}
