/// A project: VMs that belong together, who may see them, and how much they may need.
package struct Project: Hashable, Sendable {
    package let name: ProjectName
    /// RFC 3339, by the clock of Redis; nil for one that nobody has made.
    package let createdAt: String?
    /// How much its VMs may need together; what is missing has no limit.
    package let quotas: [QuotaResource: Int]
    package let usage: ProjectUsage
    /// When people changed it last, in microseconds since 1970.
    package let version: Int

    package init(
        name: ProjectName,
        createdAt: String?,
        quotas: [QuotaResource: Int],
        usage: ProjectUsage,
        version: Int
    ) {
        (self.name, self.createdAt, self.quotas, self.usage) = (name, createdAt, quotas, usage)
        self.version = version
    }
}

/// What a project may have so much of.
package enum QuotaResource: String, CaseIterable, Hashable, Sendable {
    case vms
    case vcpus
    case ram = "ram_mib"
    case disk = "disk_gib"
}

/// What the VMs of a project need together; holds and VMs that are queued count.
package struct ProjectUsage: Hashable, Sendable {
    package var vms: Int
    package var needs: Resources

    package static let zero = ProjectUsage(vms: 0, needs: .zero)

    package init(vms: Int, needs: Resources) { (self.vms, self.needs) = (vms, needs) }
}

/// What a request needs beyond a quota.
package struct QuotaExcess: Codable, Hashable, Sendable {
    /// A `QuotaResource`; as text, since a newer gateway may have others.
    package let resource: String
    package let limit: Int
    package let used: Int
    package let asked: Int

    package init(of resource: QuotaResource, limit: Int, used: Int, asked: Int) {
        (self.resource, self.limit, self.used, self.asked) = (resource.rawValue, limit, used, asked)
    }
}
