import Model

/// Which faults the log has already: each is reported once until it changes or is repaired; pure.
///
/// Not every pass finds every fault, so one counts as repaired only when it was not found for a while.
struct ReportedFaults {
    private var lastFound: [String: ContinuousClock.Instant] = [:]

    /// How long a fault is remembered after it was found last.
    private static let memory = Duration.seconds(300)
    /// How many faults are remembered at most; those beyond are reported again.
    private static let limit = 1000

    /// Takes note of what a pass has found.
    ///
    /// - Parameters:
    ///   - faults: the faults.
    ///   - now: the present.
    /// - Returns: those that are to be reported.
    mutating func unreported(of faults: [Failure], at now: ContinuousClock.Instant) -> [Failure] {
        lastFound = lastFound.filter { $0.value + Self.memory > now }
        return faults.filter { fault in
            let isNew = lastFound[fault.message] == nil
            if !isNew || lastFound.count < Self.limit { lastFound[fault.message] = now }
            return isNew
        }
    }
}
