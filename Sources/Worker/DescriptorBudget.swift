import Store

/// How the descriptors that a worker may open are shared out: a full table ends the process.
struct DescriptorBudget: Sendable {
    /// How many descriptors the process may open (`RLIMIT_NOFILE`).
    let limit: Int
    /// How many PMs are probed at once, each with an ssh and a connection to libvirt.
    let probes: Int
    /// How many connections to libvirt may be open at once.
    let connections: Int
    /// How many messages are sent to webhooks at once.
    let messages: Int

    /// How many PMs are probed at once where nothing limits it: ssh and libvirt of many PMs wait, they do not work.
    static let mostProbes = 32
    /// What the rest of the worker takes: Redis, event loops, the log, files of images.
    private static let base = 40
    /// What a probe takes while it starts its ssh: three pipes with both ends, and what watches the child.
    private static let perProbe = 16
    /// What a message takes while its curl starts.
    private static let perMessage = 12
    /// What a connection takes while libvirt starts its ssh; two or three of them stay.
    private static let perConnection = 8

    /// Shares descriptors out.
    ///
    /// - Parameter limit: how many the process may open.
    init(limit: Int) {
        self.limit = limit
        let free = max(0, limit - Self.base)
        probes = max(1, min(Self.mostProbes, free / 4 / Self.perProbe))
        messages = max(1, min(Store.mostWebhooks, free / 16 / Self.perMessage))
        connections = max(2, (free - probes * Self.perProbe - messages * Self.perMessage) / Self.perConnection)
    }

    /// The advice for people where the limit is what delays the worker.
    var advice: String {
        "this worker may open \(limit) descriptors, so it probes \(probes) PMs at once and has at most \(connections) "
            + "connections to libvirt: raise LimitNOFILE of its unit or `ulimit -n`"
    }
}
