import Foundation
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("Secrets: who may call, and what the log has of tokens")
struct SecretTests {
    private static let token = "sekret-token-1234567"

    @Test("Only the exact token in one Authorization header opens, the scheme in any case")
    func authorization() async throws {
        let right = "Bearer \(Self.token)"
        let cases: [(headers: [String: String], path: String, status: Int)] = [
            ([:], "/vm/types", 401),
            (["Authorization": right], "/vm/types", 200),
            (["Authorization": "bearer \(Self.token)"], "/vm/types", 200),
            (["Authorization": "BEARER   \(Self.token)"], "/vm/types", 200),
            (["Authorization": "bearer \(Self.token)"], "/v1/capacity", 503),
            (["Authorization": "Bearer\(Self.token)"], "/vm/types", 401),
            (["Authorization": "Bearer \(Self.token)x"], "/vm/types", 401),
            (["Authorization": "Bearer \(Self.token.dropLast())"], "/vm/types", 401),
            (["Authorization": "Bearer "], "/vm/types", 401),
            (["Authorization": "Basic \(Self.token)"], "/vm/types", 401),
            // Names of headers are read in any case, so these are two of one name.
            (["Authorization": right, "authorization": right], "/vm/types", 401),
            (["Authorization": right, "authorization": "Bearer x"], "/vm/types", 401),
            ([:], "/vm/types?access_token=\(Self.token)", 401),
            (["Cookie": "token=\(Self.token)"], "/vm/types", 401),
            ([:], "/healthz/../vm/types", 401), ([:], "//healthz", 401), ([:], "/v1/vms/1", 401),
            ([:], "/healthz", 200), ([:], "/readyz", 200),
        ]
        try await InProcessGateway.with(["HVC_API_TOKEN": Self.token]) { (gateway) async throws in
            for (headers, path, status) in cases {
                let answer = try await gateway.http.call(path, headers: headers)
                #expect(answer.status == status, "\(path) \(headers): \(answer)")
            }
        }
    }

    @Test("A page of another site changes nothing, by whichever header the browser says so")
    func crossSite() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "0"]) { (gateway) async throws in
            let port = try #require(URLComponents(string: gateway.http.base)?.port)
            let own = "http://127.0.0.1:\(port)"
            let cases: [(headers: [String: String], status: Int)] = [
                ([:], 404),
                (["Referer": "\(own)/page?x=1#y"], 404),
                (["Referer": own.uppercased() + "/"], 404),
                (["Referer": "https://127.0.0.1:\(port)/"], 404),
                (["Referer": "http://evil.example/"], 403),
                (["Referer": "http://127.0.0.1:1/"], 403),
                (["Referer": "http://127.0.0.1:\(port).evil.example/"], 403),
                (["Referer": "http://127.0.0.1:\(port)@evil.example/"], 403),
                (["Referer": "/page"], 403),
                (["Referer": "\(own)/", "referer": "\(own)/"], 403),
                (["Origin": own], 404), (["Origin": "null"], 403), (["Origin": "http://127.0.0.1:1"], 403),
                (["Origin": own, "origin": own], 403),
                (["Origin": own, "Referer": "http://evil.example/"], 404),
                (["Sec-Fetch-Site": "none"], 404), (["Sec-Fetch-Site": "same-site"], 403),
                (["Sec-Fetch-Site": "same-origin", "Referer": "https://api.example.org/"], 404),
                (["Sec-Fetch-Site": "none", "sec-fetch-site": "none"], 403),
            ]
            try await gateway.fill()
            for (headers, status) in cases {
                for call in ["/vm/destroy?vmid=77", "/vm/query?vmid=77"] {
                    let answer = try await gateway.http.call(call, headers: headers)
                    #expect(answer.status == status, "\(call) \(headers): \(answer)")
                }
            }
            let created = try await gateway.http.call(
                "/vm/create?name=a&instance_type=1&image_id=100",
                headers: ["Referer": "http://evil.example/"]
            )
            #expect(created.headers["x-hvc-code"] == "cross_site")
            #expect(try await gateway.store.redis.send(["LLEN", "hvc:queue"]).int == 0)
        }
    }

    @Test("A token that was put into a path, a query or a header is in no line of the log")
    func neverLogged() async throws {
        let encoded = "%73ekret-token-1234567"
        let paths = [
            "/vm/types?access_token=\(Self.token)", "/vm/types?token=\(encoded)&x=%zz", "/vm/query?vmid=\(Self.token)",
            "/\(Self.token)/x", "/v1/vms/\(Self.token)", "/v1/vms/\(encoded)", "/vm/query?\(Self.token)=1",
        ]
        try await LiveGateway.with(["HVC_API_TOKEN": Self.token]) { (gateway) async throws in
            for (number, path) in paths.enumerated() {
                for authorization in ["Bearer \(Self.token)", "Bearer x\(Self.token)"] {
                    let id = "id-\(number)-\(authorization.count)"
                    let headers = ["Authorization": authorization, "X-Request-Id": id]
                    _ = try await gateway.http.call(path, headers: headers)
                    try await gateway.process.waitForLine(containing: "request=\(id)")
                }
            }
            _ = try await gateway.http.call("/vm/types", headers: ["X-Request-Id": Self.token])
            _ = try await gateway.http.call("/vm/types?api_key=wrong-one", headers: ["X-Request-Id": "last"])
            let last = try await gateway.process.waitForLine(containing: "request=last")
            #expect(last.contains("api_key=***"))
            for text in [Self.token, encoded, "wrong-one", String(Self.token.prefix(12))] {
                #expect(!gateway.process.text.contains(text))
            }
        }
    }

    @Test("What is logged of a query is what was sent, but for the values of secrets")
    func filter() {
        let filter = SecretFilter(token: "abc+def")
        #expect(filter.shown(path: "/vm/query", query: "vmid=1&name=a%20b").query == "vmid=1&name=a%20b")
        #expect(
            filter.shown(path: "/x", query: "Access_Token=1&b=2&%74oken=3&c").query
                == "Access_Token=***&b=2&%74oken=***&c"
        )
        #expect(filter.shown(path: "/x/abc%2Bdef", query: "").isSecret)
        #expect(filter.shown(path: "/x", query: "q=%61bc%2bdef").query == "***")
        #expect(filter.shown(line: "GET /abc+def/abc+def") == "GET /***/***")
        #expect(SecretFilter(token: "").shown(line: "GET /") == "GET /")
    }
}
