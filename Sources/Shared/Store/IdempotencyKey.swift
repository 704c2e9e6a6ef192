package import Model

/// A client's own key for a request: of several requests with the same key one is accepted.
package struct IdempotencyKey: Hashable, Sendable {
    /// What the key is of, and the key.
    let name: String
    /// What distinguishes the request from another one with that key.
    let fingerprint: String

    /// The most keys that are kept; of more the oldest go.
    static let limit = 100_000
    /// For how long a key is kept.
    static let milliseconds = 86_400_000

    /// Makes a key.
    ///
    /// - Parameters:
    ///   - text: the client's text, validated.
    ///   - call: the call that it is for: another one may have the same key.
    ///   - token: the caller's token, since another caller may have the same key; nil for none of `/v1/tokens`.
    ///   - fingerprint: what distinguishes the request from another one of the call.
    package init(_ text: String, of call: String, by token: TokenID?, fingerprint: String) {
        name = (token.map { "\($0)/" } ?? "") + "\(call):\(text)"
        self.fingerprint = fingerprint
    }
}
