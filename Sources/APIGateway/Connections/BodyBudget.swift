import NIOConcurrencyHelpers

/// The memory for all bodies that are under way: each request takes its share before its body is read.
final class BodyBudget: Sendable {
    /// How much there is.
    let bytes: Int
    private let taken = NIOLockedValueBox(0)

    init(bytes: Int = 16 << 20) {
        self.bytes = bytes
    }

    /// Takes a share.
    ///
    /// - Returns: false where less is left; nothing is taken then.
    func take(_ share: Int) -> Bool {
        taken.withLockedValue { taken in
            guard taken + share <= bytes else { return false }
            taken += share
            return true
        }
    }

    /// Gives a share back.
    func give(_ share: Int) {
        taken.withLockedValue { $0 -= share }
    }
}
