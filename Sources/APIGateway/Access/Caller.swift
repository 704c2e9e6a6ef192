import API
import Model

/// Who makes a call, and what it may do.
struct Caller: Hashable, Sendable {
    let name: String
    let role: AccessRole
    /// The only project that it may see and change; nil for all.
    var project: ProjectName?
    /// Nil for those that are no token of `/v1/tokens`.
    var token: TokenID?
    /// In ms since 1970; nil for never.
    var expiresAt: Int?

    /// Whoever calls a gateway that needs no token, which listens on loopback alone.
    static let local = Caller(name: "local", role: .admin)
    /// Whoever has the token that the gateway was started with.
    static let configured = Caller(name: "HVC_API_TOKEN", role: .admin)

    /// Refuses a call that needs more.
    ///
    /// - Throws: `Failure` with `forbidden` that names the missing right.
    func check(_ endpoint: EndpointDescription) throws(Failure) {
        if let project, endpoint.scope == .installation {
            throw Failure(
                .forbidden,
                "this call is about the whole installation, and the token '\(name)' is for the project \(project) alone"
            )
        }
        guard role < endpoint.right else { return }
        throw Failure(
            .forbidden,
            "this call needs the role \(endpoint.right.rawValue), and the token '\(name)' has \(role.rawValue): "
                + "an administrator makes tokens by POST /v1/tokens"
        )
    }
}

extension GatewayContext {
    /// Refuses a call that the caller may not make.
    ///
    /// - Throws: `Failure` with `forbidden`.
    func checkRight(to endpoint: EndpointDescription) throws(Failure) {
        guard endpoint.needsToken else { return }
        guard let caller else { throw .unauthorized }
        try caller.check(endpoint)
    }
}

extension Failure {
    /// The request has no token that is known.
    static let unauthorized = Failure(.unauthorized, "send one header Authorization: Bearer TOKEN")
}
