import Foundation

/// What signs the messages to a webhook: `whsec_` and bytes in base64, as Standard Webhooks has it.
package struct WebhookSecret: Hashable, Sendable {
    /// The secret as people copy it.
    package let text: String
    package let bytes: [UInt8]

    private static let prefix = "whsec_"
    private static let lengths = 24...62

    package static let pattern =
        "^whsec_(?:[A-Za-z0-9+/]{4}){8,20}(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$"
    package static let longest = 90

    /// Reads a secret.
    ///
    /// - Throws: `Failure` with `invalidRequest`, which does not show it.
    package init(_ text: String) throws(Failure) {
        guard text.hasPrefix(Self.prefix), let data = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))),
            Self.lengths.contains(data.count)
        else {
            throw Failure(
                .invalidRequest,
                "secret is not \(Self.prefix) and \(Self.lengths.lowerBound) to \(Self.lengths.upperBound) bytes in base64: "
                    + "leave it out, and one is made"
            )
        }
        (self.text, bytes) = (text, Array(data))
    }

    /// 256 bits from the system's generator.
    package init() {
        var generator = SystemRandomNumberGenerator()
        bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        text = Self.prefix + Data(bytes).base64EncodedString()
    }
}
