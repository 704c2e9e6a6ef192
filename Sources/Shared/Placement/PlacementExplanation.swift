public import Model

/// How a decision came about, small enough to keep as one line of JSON with each job.
public struct PlacementExplanation: Hashable, Sendable, Codable {
    /// What was found about one PM.
    public struct Consideration: Hashable, Sendable, Codable {
        /// The PM.
        public let pm: PMID
        /// Why it is not fit; nil where it is.
        public let objection: String?
        /// Each weigher's term; nil where it is not fit.
        public let weights: [String: Double]?
    }

    /// How many PMs are told in full; the rest is counted.
    public static let detailLimit = 32

    /// The policy that decided.
    public let policy: String
    /// The PM that was chosen.
    public internal(set) var chosen: PMID?
    /// The first PMs that were considered, in full.
    public private(set) var considered: [Consideration] = []
    /// How many PMs each objection kept out, over all PMs.
    public private(set) var objections: [String: Int] = [:]

    /// Makes one that has considered nothing yet.
    ///
    /// - Parameter policy: the policy's name.
    public init(policy: String) {
        self.policy = policy
    }

    mutating func add(_ machine: PMID, objection: String) {
        objections[objection, default: 0] += 1
        guard considered.count < Self.detailLimit else { return }
        considered.append(Consideration(pm: machine, objection: objection, weights: nil))
    }

    mutating func add(_ machine: PMID, weights: [String: Double]) {
        guard considered.count < Self.detailLimit else { return }
        considered.append(Consideration(pm: machine, objection: nil, weights: weights))
    }

    /// The objections with their counts, the most frequent first, at most five.
    public var summary: String {
        let sorted = objections.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let told = sorted.prefix(5).map { "\($0.value) PM\($0.value == 1 ? "" : "s"): \($0.key)" }
        return told.joined(separator: "; ") + (sorted.count > 5 ? "; and others" : "")
    }
}
