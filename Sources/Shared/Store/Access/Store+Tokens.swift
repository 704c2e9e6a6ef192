package import Model
import RedisClient

/// All tokens, as they were read at one time.
package struct TokenSnapshot: Sendable {
    package let tokens: [AccessToken]
    /// Why they are refused for now; nil where they are not.
    package let suspension: String?
    /// The last number that a token was given.
    package let lastNumber: Int
    /// When they were read, in ms since 1970 by the clock of Redis.
    package let time: Int

    package init(tokens: [AccessToken], suspension: String?, lastNumber: Int, time: Int) {
        (self.tokens, self.suspension, self.lastNumber, self.time) = (tokens, suspension, lastNumber, time)
    }
}

extension Store {
    /// How many tokens there may be: a gateway holds all of them.
    package static let mostTokens = 1_000

    /// Keeps a token (script `create_token`).
    ///
    /// - Parameters:
    ///   - name: what people call it.
    ///   - role: what it may do.
    ///   - project: the only one that it is for; nil for all.
    ///   - digest: the SHA-256 of the token in hexadecimal digits.
    ///   - seconds: for how long it is taken; nil for ever.
    /// - Returns: what is kept.
    /// - Throws: `Failure`, with `unknownProject`, or `limitReached` where there are as many as there may be.
    package func createToken(
        name: String,
        role: AccessRole,
        project: ProjectName? = nil,
        digest: String,
        seconds: Int?
    ) async throws(Failure) -> AccessToken {
        let reply: CreateTokenReply = try await run(
            .createToken,
            [
                "name": name, "role": role.rawValue, "project": project?.description ?? "", "digest": digest,
                "lifetime_s": seconds.map(String.init) ?? "", "limit": Self.mostTokens,
            ]
        )
        switch reply {
        case .created(let id, let createdAt, let expiresAt):
            return AccessToken(
                id: id,
                name: name,
                role: role,
                project: project,
                digest: digest,
                createdAt: createdAt,
                expiresAt: expiresAt
            )
        case .unknownProject(let name): throw .unknownProject(name)
        case .full(let count):
            throw Failure(.limitReached, "there are \(count) tokens already: revoke those that nobody needs")
        }
    }

    /// Revokes a token (script `revoke_token`); false where there is none.
    package func revokeToken(_ id: TokenID) async throws(Failure) -> Bool {
        try await run(.revokeToken, ["id": id.value])
    }

    /// Refuses all tokens until they are confirmed (script `suspend_tokens`); false where they are suspended already.
    package func suspendTokens(because reason: String) async throws(Failure) -> Bool {
        try await run(.suspendTokens, ["reason": reason])
    }

    /// Lets tokens be used again (script `confirm_tokens`); returns how many there are.
    package func confirmTokens() async throws(Failure) -> Int {
        try await run(.confirmTokens)
    }

    /// Whether there are tokens (EXISTS).
    package func hasTokens() async throws(Failure) -> Bool { try await send(["EXISTS", keys.tokens]).int == 1 }

    /// All tokens (two round trips); a record that is none of ours fails the reading, since nothing may be let in for it.
    package func tokens() async throws(Failure) -> TokenSnapshot {
        let replies = try await pipeline([
            ["ZRANGE", keys.tokens, "0", "-1"], ["GET", keys.suspendedTokens], ["HGET", keys.counters, "token"],
            ["TIME"],
        ])
        guard let time = replies[3].milliseconds else { throw unexpected(replies[3], from: "TIME") }
        let ids: [TokenID] = replies[0].identifiers()
        let records = try await pipeline(ids.map { ["HGETALL", keys.token($0)] })
        var tokens: [AccessToken] = []
        for (id, reply) in zip(ids, records) {
            // One that was revoked meanwhile has no record.
            guard let record = try reply.record(of: keys.token(id)), !record.isEmpty else { continue }
            tokens.append(try AccessToken(record: record, key: keys.token(id)))
        }
        return TokenSnapshot(
            tokens: tokens,
            suspension: replies[1].string,
            lastNumber: replies[2].string.flatMap { Int($0) } ?? 0,
            time: time
        )
    }

    /// A page of the tokens, by number.
    package func tokens(after last: TokenID?, limit: Int) async throws(Failure) -> RecordPage<AccessToken> {
        let reading = RecordReading<AccessToken, AccessToken>(
            commands: { [["HGETALL", keys.token($0)]] },
            record: { (id, replies) throws(Failure) in
                guard let record = try replies[0].record(of: keys.token(id)) else { return nil }
                return try AccessToken(record: record, key: keys.token(id))
            }
        )
        return try await page(of: keys.tokens, after: last, limit: limit, reading)
    }

    /// One token (HGETALL); nil where there is none.
    package func token(_ id: TokenID) async throws(Failure) -> AccessToken? {
        guard let record = try await send(["HGETALL", keys.token(id)]).record(of: keys.token(id)) else { return nil }
        return try AccessToken(record: record, key: keys.token(id))
    }
}

/// What the script answers that keeps a token.
private enum CreateTokenReply: ScriptReply {
    case created(TokenID, at: String, expiresAt: Int?)
    case unknownProject(String)
    case full(Int)

    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array else { return nil }
        switch (parts.first?.string, parts.count) {
        case ("ok", 4):
            guard let id = parts[1].string.flatMap({ TokenID($0) }), let time = parts[2].string,
                let expiry = parts[3].string
            else { return nil }
            self = .created(id, at: time, expiresAt: Int(expiry))
        case ("unknown_project", 2):
            guard let name = parts[1].string else { return nil }
            self = .unknownProject(name)
        case ("full", 2):
            guard let count = parts[1].int else { return nil }
            self = .full(count)
        default: return nil
        }
    }
}

extension AccessToken {
    fileprivate init(record: [String: String], key: String) throws(Failure) {
        let fields = RecordFields(record, key: key)
        guard let id = record["id"].flatMap({ TokenID($0) }) else { throw fields.fault("id", "is no number") }
        guard let role = record["role"].flatMap(AccessRole.init) else { throw fields.fault("role", "is no role") }
        guard let digest = record["digest"], digest.utf8.count == 64 else { throw fields.fault("digest", "is none") }
        let expiry = record["expires_ms"] ?? ""
        guard expiry.isEmpty || Int(expiry) != nil else { throw fields.fault("expires_ms", "is no number") }
        self.init(
            id: id,
            name: record["name"] ?? "",
            role: role,
            project: try fields.value("project") { ProjectName($0) },
            digest: digest,
            createdAt: record["created_at"] ?? "",
            expiresAt: Int(expiry)
        )
    }
}
