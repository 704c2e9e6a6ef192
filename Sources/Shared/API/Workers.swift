extension Endpoints {
    package static let listWorkers = Endpoint<NoBody, Page<WorkerResponse>>(
        list: "listWorkers",
        "/v1/workers",
        "Lists the workers of the last day, by name."
    )

    static let workers = [listWorkers.description]
}

/// A worker.
package struct WorkerResponse: Codable, Hashable, Sendable {
    package let name: String
    /// Whether its last heartbeat is younger than its lease.
    package let isAlive: Bool
    package let seenAt: String
    package let startedAt: String?
    package let host: String?
    package let pid: Int?
    package let instance: String?
    /// How many jobs it holds.
    package let jobs: Int?
    package let leaseSeconds: Double?
    package let policy: String?

    private enum CodingKeys: String, CodingKey {
        case name, host, pid, instance, jobs, policy
        case isAlive = "alive"
        case seenAt = "seen_at"
        case startedAt = "started_at"
        case leaseSeconds = "lease_s"
    }

    package init(
        name: String,
        isAlive: Bool,
        seenAt: String,
        startedAt: String? = nil,
        host: String? = nil,
        pid: Int? = nil,
        instance: String? = nil,
        jobs: Int? = nil,
        leaseSeconds: Double? = nil,
        policy: String? = nil
    ) {
        (self.name, self.isAlive, self.seenAt, self.startedAt) = (name, isAlive, seenAt, startedAt)
        (self.host, self.pid, self.instance, self.jobs) = (host, pid, instance, jobs)
        (self.leaseSeconds, self.policy) = (leaseSeconds, policy)
    }
}
