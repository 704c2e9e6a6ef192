/// What a caller of the API may do; each role may do what those before it may.
package enum AccessRole: String, Codable, CaseIterable, Comparable, Hashable, Sendable {
    /// Reads.
    case viewer
    /// Makes, changes and removes VMs.
    case op = "operator"
    /// Changes PMs and tokens.
    case admin

    /// Reads its name.
    ///
    /// - Throws: `DecodingError` that names the roles there are.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let role = Self(rawValue: try container.decode(String.self)) else {
            let roles = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "there is no such role: give \(roles)"
            )
        }
        self = role
    }

    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .op: 1
        case .admin: 2
        }
    }
}
