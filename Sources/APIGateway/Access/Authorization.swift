import API
import Digest
import HTTPTypes
import Hummingbird
import Model

/// Requires a token where there is any (RFC 6750).
struct Authorization {
    /// The digest of `HVC_API_TOKEN`; nil for none.
    private let configured: SHA256Digest?
    /// Those of `/v1/tokens`.
    private let tokens: TokenTable

    /// The paths that need no token.
    static let openPaths = Set(Endpoints.all.filter { !$0.needsToken }.map(\.path.description))

    init(token: String, tokens: TokenTable) throws(Failure) {
        configured = token.isEmpty ? nil : try .of(token[...])
        self.tokens = tokens
    }

    /// Says who makes a request; nil for a path that anybody may call.
    ///
    /// - Throws: `Failure`: `unauthorized` where it shows no token that is known, or as `TokenTable.caller` throws.
    func caller(of request: Request) async throws(Failure) -> Caller? {
        if Self.openPaths.contains(request.uri.path) { return nil }
        // Tokens were made: a gateway that was started without its own one must not serve everybody.
        if configured == nil, try await !tokens.hasTokens() { return .local }
        guard let sent = Self.token(in: request) else { throw .unauthorized }
        let digest = try SHA256Digest.of(sent)
        if let configured, digest == configured { return .configured }
        guard let caller = try tokens.caller(with: digest) else { throw .unauthorized }
        return caller
    }

    private static func token(in request: Request) -> Substring? {
        // Of two headers, a proxy may have read the other one.
        let sent = request.headers[values: .authorization]
        guard sent.count == 1, let space = sent[0].firstIndex(of: " ") else { return nil }
        // The scheme is read in any case (RFC 9110, 11.1).
        guard sent[0][..<space].lowercased() == "bearer" else { return nil }
        return sent[0][space...].drop { $0 == " " }
    }
}

extension SHA256Digest {
    /// The digest of a token, by which tokens are compared and kept.
    static func of(_ token: Substring) throws(Failure) -> SHA256Digest {
        guard let digest = SHA256Digest(of: String(token)) else {
            throw Failure(.internalFault, "libcrypto makes no SHA-256 digests: check the machine's OpenSSL")
        }
        return digest
    }
}
