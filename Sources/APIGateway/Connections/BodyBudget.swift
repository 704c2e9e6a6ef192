import NIOConcurrencyHelpers

/// Bounds the memory for request bodies: each request reserves its share before its body is read.
final class BodyBudget: Sendable {
    /// The bytes for all bodies together.
    let bytes: Int
    private let taken = NIOLockedValueBox(0)

    init(bytes: Int = 16 << 20) {
        self.bytes = bytes
    }

    /// Reserves a share.
    ///
    /// - Returns: false if less is left; nothing is reserved then.
    func take(_ share: Int) -> Bool {
        taken.withLockedValue { taken in
            guard taken + share <= bytes else { return false }
            taken += share
            return true
        }
    }

    /// Releases a share.
    func give(_ share: Int) {
        taken.withLockedValue { $0 -= share }
    }
}
