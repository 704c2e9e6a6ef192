/// What a caller of the API may do; each role may do what those before it may.
package enum AccessRole: String, Codable, CaseIterable, Comparable, Hashable, Sendable {
    /// Reads.
    case viewer
    /// Makes, changes and removes VMs.
    case op = "operator"
    /// Changes PMs and tokens.
    case admin

    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .op: 1
        case .admin: 2
        }
    }
}
