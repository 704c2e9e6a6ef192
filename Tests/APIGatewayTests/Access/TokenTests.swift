import API
import Foundation
import Logging
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("Tokens and their rights")
struct TokenTests {
    private static let configured = "0123456789abcdef"
    private static let settings = ["HVC_API_TOKEN": configured, "HVC_WAIT": "0"]

    private func call(
        _ path: String,
        _ method: String = "GET",
        as token: String?,
        body: String? = nil,
        _ gateway: InProcessGateway
    ) async throws -> HTTPAnswer {
        let headers = token.map { ["Authorization": "Bearer \($0)"] } ?? [:]
        return try await gateway.http.call(path, method: method, headers: headers, body: body)
    }

    private func make(
        _ role: AccessRole,
        seconds: Int? = nil,
        _ gateway: InProcessGateway
    ) async throws -> NewTokenResponse {
        let request = CreateTokenRequest(name: "a \(role.rawValue)", role: role, seconds: seconds)
        let body = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
        let answer = try await call("/v1/tokens", "POST", as: Self.configured, body: body, gateway)
        #expect(answer.status == 201, "\(answer)")
        return try JSONDecoder().decode(NewTokenResponse.self, from: Data(answer.body.utf8))
    }

    @Test("Every call is refused to those whose role is too low, and to them alone")
    func rights() async throws {
        try await InProcessGateway.with(Self.settings) { gateway in
            try await gateway.fill()
            for role in AccessRole.allCases {
                let token = try await make(role, gateway).token
                for endpoint in Endpoints.all where endpoint.needsToken {
                    let body = endpoint.body.map { Schema(of: $0).valid.text }
                    for method in endpoint.methods {
                        // A stream would not end.
                        let path = endpoint.path.filled(with: "9999") + (endpoint.isStream ? "?wait=0" : "")
                        let answer = try await call(path, method.rawValue, as: token, body: body, gateway)
                        let isRefused = answer.headers["x-hvc-code"] == "forbidden"
                        // That one takes nobody but the gateway's own token.
                        let isExpected = role < endpoint.right || endpoint.name == "confirmTokens"
                        #expect(isRefused == isExpected, "\(role) \(endpoint.name): \(answer)")
                        if isRefused { #expect(answer.status == 403) }
                    }
                }
                let open = try await call("/healthz", as: nil, gateway)
                #expect(open.status == 200)
            }
        }
    }

    @Test("A token works from its making until it is revoked, and only its digest is kept")
    func life() async throws {
        try await InProcessGateway.with(Self.settings) { gateway in
            let made = try await make(.viewer, gateway)
            let own = try await call("/v1/tokens/self", as: made.token, gateway)
            let caller = try JSONDecoder().decode(CallerResponse.self, from: Data(own.body.utf8))
            #expect(caller == CallerResponse(name: "a viewer", role: .viewer, id: made.id))
            let list = try await call("/v1/tokens", as: Self.configured, gateway)
            #expect(list.body.contains("a viewer") && !list.body.contains(made.token))
            for key in try await gateway.store.redis.send(["KEYS", "*"]).array?.compactMap(\.string) ?? [] {
                let dump = try await gateway.store.redis.send(["DUMP", key])
                #expect(!"\(dump)".contains(made.token), "\(key)")
            }
            for wrong in [made.token.uppercased(), made.token + "0", String(made.token.dropLast()), "", "hvc_"] {
                #expect(try await call("/v1/vms", as: wrong, gateway).status == 401)
            }
            let revoked = try await call("/v1/tokens/\(made.id)", "DELETE", as: Self.configured, gateway)
            #expect(revoked.status == 200)
            #expect(try await call("/v1/vms", as: made.token, gateway).status == 401)
            #expect(try await call("/v1/tokens/\(made.id)", "DELETE", as: Self.configured, gateway).status == 404)
        }
    }

    @Test("Another gateway takes a new token, and refuses a revoked one, by the events alone")
    func otherGateway() async throws {
        try await InProcessGateway.with(Self.settings) { gateway in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let feed = EventFeed(store: gateway.store, logger: logger)
            let table = TokenTable(store: gateway.store, feed: feed, logger: logger)
            await withDiscardingTaskGroup { group in
                group.addTask { await feed.run() }
                group.addTask { await table.run() }
                do {
                    let made = try await make(.op, gateway)
                    try await eventually("the tokens to be read") {
                        try table.caller(with: .of(made.token[...]))?.role == .op
                    }
                    _ = try await gateway.store.revokeToken(made.id)
                    try await eventually("the tokens to be read") {
                        try table.caller(with: .of(made.token[...])) == nil
                    }
                } catch { Issue.record(error) }
                group.cancelAll()
            }
        }
    }

    @Test("A token that has expired is refused")
    func expired() async throws {
        try await InProcessGateway.with(Self.settings) { gateway in
            let made = try await make(.viewer, seconds: 1, gateway)
            #expect(made.expiresAt != nil)
            try await eventually("the tokens to be read") {
                try await call("/v1/vms", as: made.token, gateway).status == 401
            }
            #expect(try await call("/v1/vms", as: made.token, gateway).body.contains("expired"))
        }
    }

    @Test("When Redis goes back, a revoked token does not come back to life: all wait for the administrator")
    func wentBack() async throws {
        try await InProcessGateway.with(Self.settings) { gateway in
            let redis = gateway.store.redis
            let (revoked, other) = (try await make(.admin, gateway), try await make(.admin, gateway))
            let key = "hvc:token:\(revoked.id)"
            let old = try #require(try await redis.send(["HGETALL", key]).map)
            _ = try await gateway.store.revokeToken(revoked.id)
            try await eventually("the tokens to be read") {
                try await call("/v1/vms", as: revoked.token, gateway).status == 401
            }
            for (field, value) in old { _ = try await redis.send(["HSET", key, field, value]) }
            _ = try await redis.send(["ZADD", "hvc:tokens", revoked.id.value, revoked.id.value])
            // What makes any gateway read them again.
            let third = try await make(.viewer, gateway)
            for token in [revoked.token, other.token, third.token] {
                let answer = try await call("/v1/vms", as: token, gateway)
                #expect(answer.status == 403 && answer.body.contains("went back"), "\(answer)")
            }
            #expect(try await call("/v1/vms", as: Self.configured, gateway).status == 200)
            _ = try await gateway.store.revokeToken(revoked.id)
            let confirmed = try await call("/v1/tokens:confirm", "POST", as: Self.configured, gateway)
            #expect(confirmed.status == 200 && confirmed.body == "{\"tokens\":2}\n", "\(confirmed)")
            #expect(try await call("/v1/vms", as: other.token, gateway).status == 200)
            #expect(try await call("/v1/vms", as: revoked.token, gateway).status == 401)
        }
    }

    @Test("Without a token of its own a gateway makes none, and serves nobody once there are some")
    func unconfigured() async throws {
        try await InProcessGateway.with { gateway in
            let body = #"{"name":"a","role":"viewer"}"#
            let answer = try await call("/v1/tokens", "POST", as: nil, body: body, gateway)
            #expect(answer.status == 403 && answer.body.contains("HVC_API_TOKEN"), "\(answer)")
            #expect(try await call("/v1/vms", as: nil, gateway).status == 200)
            let digest = String(repeating: "a", count: 64)
            _ = try await gateway.store.createToken(name: "a", role: .viewer, digest: digest, seconds: nil)
            try await eventually("the tokens to be read") { try await call("/v1/vms", as: nil, gateway).status == 401 }
        }
    }

    @Test("A caller above the rate limit is told to wait; others are served")
    func rateLimit() async throws {
        try await InProcessGateway.with(Self.settings.merging(["HVC_RATE_LIMIT": "1"]) { $1 }) { gateway in
            let made = try await make(.viewer, gateway)
            var statuses: [Int] = []
            for _ in 0..<3 {
                let answer = try await call("/v1/vms", as: made.token, gateway)
                statuses.append(answer.status)
                if answer.status == 429 { #expect(answer.headers["retry-after"] == "1") }
            }
            #expect(statuses.contains(429))
            #expect(try await call("/healthz", as: nil, gateway).status == 200)
        }
    }

    @Test("The idempotency keys of one caller are not another's")
    func idempotencyKeys() async throws {
        try await InProcessGateway.with(Self.settings) { gateway in
            try await gateway.fill()
            let tokens = [Self.configured, try await make(.op, gateway).token, try await make(.op, gateway).token]
            var jobs: Set<String> = []
            for token in tokens + tokens {
                let answer = try await gateway.http.call(
                    "/v1/vms",
                    method: "POST",
                    headers: ["Authorization": "Bearer \(token)", "Idempotency-Key": "a"],
                    body: #"{"name":"a","instance_type":1,"image_id":100}"#
                )
                #expect(answer.status == 202, "\(answer)")
                jobs.insert(try #require(answer.headers["x-hvc-job"]))
            }
            #expect(jobs.count == 3)
        }
    }

    @Test("Many tokens that are made at once look like no Redis that went back")
    func atOnce() async throws {
        try await InProcessGateway.with(Self.settings) { gateway in
            let made = try await withThrowingTaskGroup(of: NewTokenResponse.self) { group in
                for _ in 0..<50 { group.addTask { try await make(.viewer, gateway) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for token in made { #expect(try await call("/v1/vms", as: token.token, gateway).status == 200) }
        }
    }

    @Test("There are no more tokens than may be")
    func bounded() async throws {
        try await InProcessGateway.with(Self.settings) { gateway in
            let digest = String(repeating: "b", count: 64)
            for _ in 0..<Store.mostTokens {
                _ = try await gateway.store.createToken(name: "a", role: .viewer, digest: digest, seconds: nil)
            }
            await #expect(throws: Failure.self) {
                try await gateway.store.createToken(name: "a", role: .viewer, digest: digest, seconds: nil)
            }
        }
    }
}
