import API
import Digest
import HTTPTypes
import Model
import Store

/// `/v1/tokens`.
struct TokenController: Sendable {
    let store: Store
    let table: TokenTable
    /// Whether the gateway has a token of its own, without which it serves everybody on this machine.
    let hasConfiguredToken: Bool

    /// 201 with the token, which is shown this once.
    @Sendable
    func create(_ call: V1Call<CreateTokenRequest>) async throws(Failure) -> V1Response<NewTokenResponse> {
        guard hasConfiguredToken else {
            throw Failure(
                .forbidden,
                "the gateway needs a token of its own before there can be others: set HVC_API_TOKEN and restart it"
            )
        }
        let text = Self.newToken()
        let digest = try SHA256Digest.of(text[...]).hex
        let token = try await store.createToken(
            name: call.body.name,
            role: call.body.role,
            project: call.body.project,
            digest: digest,
            seconds: call.body.seconds
        )
        // Whoever has it can use it at once, here.
        await table.read()
        return try V1Response(NewTokenResponse(TokenResponse(token), token: text), status: .created)
    }

    @Sendable
    func list(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<Page<TokenResponse>> {
        let request = try call.page()
        let page = try await store.tokens(after: try request.identifier(), limit: request.limit)
        return try V1Response(page, of: call) { TokenResponse($0) }
    }

    @Sendable
    func revoke(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<TokenResponse> {
        let id: TokenID = try call.identifier()
        guard let token = try await store.token(id), try await store.revokeToken(id) else { throw .unknownToken(id) }
        await table.read()
        return try V1Response(TokenResponse(token))
    }

    @Sendable
    func readOwn(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<CallerResponse> {
        guard let caller = call.context.caller else { throw .unauthorized }
        return try V1Response(
            CallerResponse(
                name: caller.name,
                role: caller.role,
                project: caller.project,
                id: caller.token,
                expiresAt: caller.expiresAt.map { Timestamp.text(milliseconds: $0) }
            )
        )
    }

    /// Only with the gateway's own token: the others are what is in doubt.
    @Sendable
    func confirm(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<ConfirmedTokensResponse> {
        guard call.context.caller == .configured else {
            throw Failure(.forbidden, "this call needs HVC_API_TOKEN: other tokens are what is to be confirmed")
        }
        let count = try await store.confirmTokens()
        await table.read()
        return try V1Response(ConfirmedTokensResponse(tokens: count))
    }

    /// 256 bits from the system's generator, behind a prefix by which people and scanners know it.
    private static func newToken() -> String {
        var generator = SystemRandomNumberGenerator()
        return "hvc_"
            + (0..<4).map { _ in
                let digits = String(generator.next(), radix: 16)
                return String(repeating: "0", count: 16 - digits.count) + digits
            }.joined()
    }
}

extension TokenResponse {
    fileprivate init(_ token: AccessToken) {
        self.init(
            id: token.id,
            name: token.name,
            role: token.role,
            project: token.project,
            createdAt: token.createdAt,
            expiresAt: token.expiresAt.map { Timestamp.text(milliseconds: $0) }
        )
    }
}

extension Failure {
    fileprivate static func unknownToken(_ id: TokenID) -> Failure {
        Failure(.unknownToken, "there is no token \(id): /v1/tokens lists them")
    }
}
