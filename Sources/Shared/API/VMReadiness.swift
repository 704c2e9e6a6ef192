package import Model

/// How far a VM has come in its present run.
package struct VMReadiness: Codable, Hashable, Sendable {
    /// Running, address, ssh or cloud_init: the last of them that it has reached.
    package let level: VMLevel
    /// Since when that is known.
    package let at: String?
    /// What shows it.
    package let how: String

    package init(level: VMLevel, at: String?, how: String) { (self.level, self.at, self.how) = (level, at, how) }
}

/// What a VM's cloud-init has come to.
package struct VMCloudInit: Codable, Hashable, Sendable {
    package let state: CloudInit.State
    /// What failed, in its own words; of an unknown state why it will not be known.
    package let error: String?

    package init(_ found: CloudInit) { (state, error) = (found.state, found.error) }
}

/// The system in a VM.
package struct VMGuest: Codable, Hashable, Sendable {
    package enum Source: String, Codable, CaseIterable, Hashable, Sendable {
        /// The guest's agent says so.
        case agent
    }

    package let hostname: String?
    package let os: String?
    package let source: Source
    /// Since when it is known.
    package let at: String?

    package init(_ system: GuestSystem, at time: String?) {
        (hostname, os, source, at) = (system.hostname, system.os, .agent, time)
    }
}

extension CloudInit.State: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .running }
}

extension VMGuest.Source: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .agent }
}
