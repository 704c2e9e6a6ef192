/// The state of a domain (`virDomainState`).
package enum DomainState: Int, Hashable, Sendable {
    /// Not known.
    case unknown = 0
    /// Runs.
    case running = 1
    /// Waits for a resource.
    case blocked = 2
    /// Paused.
    case paused = 3
    /// About to end.
    case shuttingDown = 4
    /// Does not run.
    case shutOff = 5
    /// Has crashed.
    case crashed = 6
    /// Suspended by the guest's power management.
    case suspended = 7
}

extension DomainState {
    /// libvirt's reason for a state, in the words of `virsh domstate --reason` (`virDomainPausedReason` and its like).
    ///
    /// - Parameter number: the reason as `virDomainGetState` gives it.
    /// - Returns: the words; nil where libvirt does not say, and for a domain that runs.
    package func words(forReason number: Int) -> String? {
        let words: [String] =
            switch self {
            case .paused: Self.pausedReasons
            case .shutOff: Self.shutOffReasons
            case .crashed: ["", "panicked"]
            case .unknown, .running, .blocked, .shuttingDown, .suspended: []
            }
        guard words.indices.contains(number), !words[number].isEmpty else { return nil }
        return words[number]
    }

    /// By the numbers of `virDomainPausedReason`.
    private static let pausedReasons = [
        "", "user", "migrating", "saving", "dumping", "I/O error", "watchdog", "from snapshot", "shutting down",
        "creating snapshot", "crashed", "starting up", "post-copy", "post-copy failed", "api error",
    ]

    /// The reasons of a pause that libvirt itself ends within moments: `VIR_DOMAIN_PAUSED_SHUTTING_DOWN` and
    /// `VIR_DOMAIN_PAUSED_STARTING_UP`.
    package static let transientPauses: Set<Int> = [8, 11]

    /// By the numbers of `virDomainShutoffReason`.
    private static let shutOffReasons = [
        "", "shutdown", "destroyed", "crashed", "migrated", "saved", "failed", "from snapshot", "daemon",
    ]
}
