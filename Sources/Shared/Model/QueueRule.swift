/// What becomes of jobs for which people made a rule.
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

/// For which jobs a rule is: for those that fit all that it names.
package struct QueueRuleScope: Hashable, Sendable {
    package let kind: Job.Kind?
    package let project: ProjectName?
    /// A label of the VM, as `key=value`.
    package let label: String?

    package init(kind: Job.Kind? = nil, project: ProjectName? = nil, label: String? = nil) {
        (self.kind, self.project, self.label) = (kind, project, label)
    }

    /// Reads `words`; nil where it names nothing, or something else.
    package init?(words: String) {
        var (kind, project, label): (Job.Kind?, ProjectName?, String?) = (nil, nil, nil)
        for word in words.split(separator: " ") {
            if word.hasPrefix("project=") {
                project = ProjectName(word.dropFirst("project=".count))
                if project == nil { return nil }
            } else if word.hasPrefix("label:") {
                label = String(word.dropFirst("label:".count))
            } else {
                kind = Job.Kind(rawValue: String(word))
            }
        }
        self.init(kind: kind, project: project, label: label)
        if words.isEmpty || self.words != words { return nil }
    }

    /// As it stands in Redis, and as people read it.
    package var words: String {
        [kind?.rawValue, project.map { "project=\($0)" }, label.map { "label:\($0)" }].compactMap(\.self)
            .joined(separator: " ")
    }
}

/// A rule of people for jobs.
package struct QueueRule: Hashable, Sendable {
    package let scope: QueueRuleScope
    package let action: QueueRuleAction
    /// Why, for people.
    package let reason: String
    /// Since when.
    package let at: String

    package init(for scope: QueueRuleScope, action: QueueRuleAction, reason: String, at: String) {
        (self.scope, self.action, self.reason, self.at) = (scope, action, reason, at)
    }
}

/// Why workers take no jobs.
package struct QueuePause: Hashable, Sendable {
    package let reason: String
    /// Since when.
    package let at: String

    package init(reason: String, at: String) { (self.reason, self.at) = (reason, at) }
}
