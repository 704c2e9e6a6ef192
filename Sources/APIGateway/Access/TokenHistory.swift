import Model
import Store

/// What a gateway remembers of tokens, by which it notices that Redis went back to an older copy of its data.
///
/// Tokens that were revoked since may stand in that copy.
struct TokenHistory: Codable, Hashable, Sendable {
    private var known: Set<String> = []
    private var revoked: Set<String> = []
    private var highest = 0

    /// How many revoked tokens are remembered.
    static let limit = 10_000

    /// Takes in what Redis holds now.
    ///
    /// - Returns: why Redis must have gone back; nil where it has not.
    mutating func note(_ snapshot: TokenSnapshot) -> String? {
        let present = Set(snapshot.tokens.map(\.digest))
        defer {
            revoked.formUnion(known.subtracting(present))
            while revoked.count > Self.limit { revoked.removeFirst() }
            known = present
            // A Redis that lost its data begins to count anew.
            highest = snapshot.lastNumber
        }
        if !revoked.isDisjoint(with: present) { return "a token that was revoked is there again" }
        if snapshot.lastNumber < highest, !present.isEmpty { return "numbers of tokens went back" }
        return nil
    }
}
