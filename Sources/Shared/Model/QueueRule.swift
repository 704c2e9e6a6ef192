/// What becomes of jobs of a kind for which people made a rule.
package enum QueueRuleAction: String, Codable, CaseIterable, Hashable, Sendable {
    /// No more of them are accepted.
    case reject
    /// Those that have not begun wait until the rule goes.
    case deferred = "defer"

    /// Reads its name.
    ///
    /// - Throws: `DecodingError` that names the actions there are.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let action = Self(rawValue: try container.decode(String.self)) else {
            let actions = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "there is no such action: give \(actions)"
            )
        }
        self = action
    }
}

/// A rule of people for jobs of a kind.
package struct QueueRule: Hashable, Sendable {
    package let kind: Job.Kind
    package let action: QueueRuleAction
    /// Why, for people.
    package let reason: String
    /// Since when.
    package let at: String

    package init(kind: Job.Kind, action: QueueRuleAction, reason: String, at: String) {
        (self.kind, self.action, self.reason, self.at) = (kind, action, reason, at)
    }
}

/// Why workers take no jobs.
package struct QueuePause: Hashable, Sendable {
    package let reason: String
    /// Since when.
    package let at: String

    package init(reason: String, at: String) { (self.reason, self.at) = (reason, at) }
}
