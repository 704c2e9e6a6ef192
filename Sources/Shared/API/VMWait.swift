/// How far callers wait for a VM to come.
package enum VMLevel: String, Codable, CaseIterable, Hashable, Sendable {
    /// It has a PM.
    case placed
    case running
    /// An address of its guest is known.
    case address
    /// Its ssh server has answered its PM.
    case ssh
    /// Its cloud-init has ended well.
    case cloudInit = "cloud_init"
    /// Its guest has written a text to its console.
    case console
    case stopped
    /// It is no more.
    case gone
}

/// What became of a wait for a VM.
package struct VMWait: Codable, Hashable, Sendable {
    package enum Result: String, Codable, CaseIterable, Hashable, Sendable {
        case reached
        /// The wait was over before.
        case timeout
        /// The job failed that was to bring it so far.
        case failed
        /// It cannot come so far any more.
        case impossible
    }

    package let level: VMLevel
    package let result: Result
    /// Why it has failed, or cannot be.
    package let reason: String?

    package init(level: VMLevel, result: Result, reason: String? = nil) {
        (self.level, self.result, self.reason) = (level, result, reason)
    }
}

extension VMLevel: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .placed }
}

extension VMWait.Result: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .reached }
}
