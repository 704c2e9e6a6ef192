package import Model

extension Endpoints {
    package static let createToken = Endpoint<CreateTokenRequest, NewTokenResponse>(
        v1: "createToken",
        .post,
        "/v1/tokens",
        status: 201,
        right: .admin,
        "Makes a token, which is shown this once."
    )
    package static let listTokens = Endpoint<NoBody, Page<TokenResponse>>(
        list: "listTokens",
        "/v1/tokens",
        right: .admin,
        "Lists the tokens, by number."
    )
    package static let readOwnToken = Endpoint<NoBody, CallerResponse>(
        v1: "readOwnToken",
        .get,
        "/v1/tokens/self",
        scope: .project,
        "Tells who the caller is, and what it may do."
    )
    package static let revokeToken = Endpoint<NoBody, TokenResponse>(
        v1: "revokeToken",
        .delete,
        "/v1/tokens/{id}",
        right: .admin,
        "Revokes a token: it is refused from now on."
    )
    package static let confirmTokens = Endpoint<NoBody, ConfirmedTokensResponse>(
        v1: "confirmTokens",
        .post,
        "/v1/tokens:confirm",
        right: .admin,
        "Lets tokens be used again after Redis has gone back to an older copy of its data."
    )

    static let tokens = [
        createToken.description, listTokens.description, readOwnToken.description, revokeToken.description,
        confirmTokens.description,
    ]
}

/// The body of `POST /v1/tokens`.
package struct CreateTokenRequest: APIRequest, Hashable {
    package var name: String
    package var role: AccessRole
    package var seconds: Int?
    /// Nil for all.
    package var project: ProjectName?

    private enum CodingKeys: String, CodingKey {
        case name, role, project
        case seconds = "expires_in_s"
    }

    private static let times = 1...315_360_000
    package static let forms = [
        CodingKeys.name.rawValue: Schema.name, CodingKeys.seconds.rawValue: .integer(times),
    ]

    package init(name: String, role: AccessRole, seconds: Int? = nil, project: ProjectName? = nil) {
        (self.name, self.role, self.seconds, self.project) = (name, role, seconds, project)
    }

    package func validate() throws(Failure) {
        _ = try Failure.at("name", check: try VMName.validated(name, of: "the token"))
        if let seconds, !Self.times.contains(seconds) {
            throw Failure(
                .invalidRequest,
                "expires_in_s is \(seconds): give 1 to 315360000, which are ten years",
                pointer: "/expires_in_s"
            )
        }
    }
}

/// A token, without the token itself.
package struct TokenResponse: Codable, Hashable, Sendable {
    package let id: TokenID
    package let name: String
    package let role: AccessRole
    /// The only project that it is for; missing where it is for all.
    package let project: ProjectName?
    package let createdAt: String
    /// Missing where it does not expire.
    package let expiresAt: String?

    private enum CodingKeys: String, CodingKey {
        case id, name, role, project
        case createdAt = "created_at"
        case expiresAt = "expires_at"
    }

    package init(
        id: TokenID,
        name: String,
        role: AccessRole,
        project: ProjectName?,
        createdAt: String,
        expiresAt: String?
    ) {
        (self.id, self.name, self.role, self.project) = (id, name, role, project)
        (self.createdAt, self.expiresAt) = (createdAt, expiresAt)
    }
}

/// A token that was just made.
package struct NewTokenResponse: Codable, Hashable, Sendable {
    package let id: TokenID
    package let name: String
    package let role: AccessRole
    package let project: ProjectName?
    package let createdAt: String
    package let expiresAt: String?
    /// What `Authorization: Bearer` takes; Redis has a digest of it alone, so that nobody can show it again.
    package let token: String

    private enum CodingKeys: String, CodingKey {
        case id, name, role, project, token
        case createdAt = "created_at"
        case expiresAt = "expires_at"
    }

    package init(_ response: TokenResponse, token: String) {
        (id, name, role, project) = (response.id, response.name, response.role, response.project)
        (createdAt, expiresAt) = (response.createdAt, response.expiresAt)
        self.token = token
    }
}

/// Who calls.
package struct CallerResponse: Codable, Hashable, Sendable {
    /// `HVC_API_TOKEN` for the gateway's own token, `local` where it needs none.
    package let name: String
    package let role: AccessRole
    /// The only project that it may see and change; missing for all.
    package let project: ProjectName?
    /// Missing for those that are no token of `/v1/tokens`.
    package let id: TokenID?
    package let expiresAt: String?

    private enum CodingKeys: String, CodingKey {
        case name, role, project, id
        case expiresAt = "expires_at"
    }

    package init(
        name: String,
        role: AccessRole,
        project: ProjectName? = nil,
        id: TokenID? = nil,
        expiresAt: String? = nil
    ) {
        (self.name, self.role, self.project, self.id, self.expiresAt) = (name, role, project, id, expiresAt)
    }
}

/// How many tokens may be used again.
package struct ConfirmedTokensResponse: Codable, Hashable, Sendable {
    package let tokens: Int

    package init(tokens: Int) { self.tokens = tokens }
}

extension AccessRole: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .viewer }
}
