package import Model

/// What a probe of a PM found.
package struct DiscoveryReport: Hashable, Sendable {
    /// Whether the PM may be used.
    package var state: PMState
    /// Why it may not, for people; empty where it may.
    package var reason: String
    /// What was measured; nil where nothing was, and then the older measure stays with its time.
    package var measure: PMMeasure?
    /// Where the figures come from, such as `ssh free,nproc; libvirt nodeinfo,pools,domains`.
    package var source: String
    /// More facts for people, by field.
    package var facts: [String: String]

    /// Makes a report.
    ///
    /// - Parameters:
    ///   - state: whether the PM may be used.
    ///   - reason: why it may not.
    ///   - measure: what was measured.
    ///   - source: where the figures come from.
    ///   - facts: more facts for people, by field.
    package init(
        state: PMState,
        reason: String = "",
        measure: PMMeasure? = nil,
        source: String = "",
        facts: [String: String] = [:]
    ) {
        self.state = state
        self.reason = reason
        self.measure = measure
        self.source = source
        self.facts = facts
    }
}
