import HTTPTypes
import Hummingbird
import Model

/// Requires the token if one is configured (RFC 6750).
struct Authorization {
    /// The token; empty for none.
    let token: String
    /// The paths that need no token.
    let open: Set<String>

    /// Checks a request.
    ///
    /// - Throws: `Failure` with `unauthorized`.
    func check(_ request: Request) throws(Failure) {
        guard isAllowed(request) else { throw Failure(.unauthorized, "send one header Authorization: Bearer TOKEN") }
    }

    private func isAllowed(_ request: Request) -> Bool {
        if token.isEmpty || open.contains(request.uri.path) { return true }
        // Of two headers, a proxy may have read the other one.
        let sent = request.headers[values: .authorization]
        guard sent.count == 1, let space = sent[0].firstIndex(of: " ") else { return false }
        // The scheme is read in any case (RFC 9110, 11.1).
        guard sent[0][..<space].lowercased() == "bearer" else { return false }
        return Self.isEqual(sent[0][space...].drop { $0 == " " }.utf8, token.utf8)
    }

    /// Compares in constant time, which does not reveal where they differ.
    private static func isEqual(_ left: Substring.UTF8View, _ right: String.UTF8View) -> Bool {
        let (left, right) = (Array(left), Array(right))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(into: UInt8(0)) { $0 |= $1.0 ^ $1.1 } == 0
    }
}
