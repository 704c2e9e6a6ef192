import API
import Foundation
import Logging
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("What tokens of a project see and change")
struct ProjectAccessTests {
    private static let configured = "0123456789abcdef"
    private static let vm = #""instance_type":1,"image_id":100"#

    private func call(
        _ path: String,
        _ method: String = "GET",
        as token: String = Self.configured,
        body: String? = nil,
        _ gateway: InProcessGateway
    ) async throws -> HTTPAnswer {
        try await gateway.http.call(path, method: method, headers: ["Authorization": "Bearer \(token)"], body: body)
    }

    /// Two projects, each with a token, and a VM in the second one: number 1 with job 1.
    private func with(_ body: @Sendable (InProcessGateway, _ token: String) async throws -> Void) async throws {
        try await InProcessGateway.with(["HVC_API_TOKEN": Self.configured, "HVC_WAIT": "0"]) { gateway in
            try await gateway.fill()
            for name in ["web", "other"] {
                let made = try await call("/v1/projects", "POST", body: #"{"name":"\#(name)"}"#, gateway)
                #expect(made.status == 201, "\(made)")
            }
            let token = try await self.made(#"{"name":"a","role":"operator","project":"web"}"#, gateway)
            let made = try await call("/v1/vms", "POST", body: #"{"name":"b","project":"other",\#(Self.vm)}"#, gateway)
            #expect(made.status == 202 && made.body.contains(#""project":"other""#), "\(made)")
            try await body(gateway, token)
        }
    }

    private func made(_ request: String, _ gateway: InProcessGateway) async throws -> String {
        let answer = try await call("/v1/tokens", "POST", body: request, gateway)
        return try JSONDecoder().decode(NewTokenResponse.self, from: Data(answer.body.utf8)).token
    }

    @Test("Batches of its project it makes, lists, reads and cancels; others are not there for it")
    func batches() async throws {
        try await with { gateway, token in
            let (vms, other) = (#"{"vms":[{"name":"a",\#(Self.vm),"count":2}]}"#, #","project":"other"}"#)
            let theirs = try await call("/v1/batches", "POST", body: String(vms.dropLast()) + other, gateway)
            #expect(theirs.headers["location"] == "/v1/batches/2", "\(theirs)")
            #expect(try await call("/v1/batches", as: token, gateway).body.contains(#""items":[]"#))
            for (path, method) in [("/v1/batches/2", "GET"), ("/v1/batches/2:cancel", "POST")] {
                #expect(try await call(path, method, as: token, gateway).status == 404, "\(path)")
            }
            #expect(try await call("/v1/batches?project=other", as: token, gateway).status == 404)
            #expect(
                try await call("/v1/batches", "POST", as: token, body: String(vms.dropLast()) + other, gateway).status
                    == 404
            )
            let mine = try await call("/v1/batches", "POST", as: token, body: vms, gateway)
            #expect(mine.status == 202 && mine.body.contains(#""project":"web""#), "\(mine)")
            let list = try await call("/v1/batches", as: token, gateway)
            let page = try JSONDecoder().decode(Page<BatchSummary>.self, from: Data(list.body.utf8))
            #expect(page.items.map(\.id.value) == [4])
            // Also once the records of its jobs are gone.
            _ = try await gateway.store.redis.send(["DEL", "hvc:job:4", "hvc:job:5"])
            #expect(try await call("/v1/batches/4", as: token, gateway).status == 200)
            let all = try await call("/v1/batches?project=web", as: Self.configured, gateway)
            #expect(all.body.contains(#""id":4"#) && !all.body.contains(#""id":2"#), "\(all)")
        }
    }

    @Test("An admin of a project has its webhooks alone, whose number is bounded; what it does to them is audited")
    func webhooks() async throws {
        try await with { gateway, _ in
            let admin = try await self.made(#"{"name":"w","role":"admin","project":"web"}"#, gateway)
            let body = #"{"name":"a","url":"https://a.test/"}"#
            let all = try await call("/v1/webhooks", "POST", body: body, gateway)
            #expect(all.status == 201 && !all.body.contains(#""project""#), "\(all)")
            let mine = try await call("/v1/webhooks", "POST", as: admin, body: body, gateway)
            #expect(mine.status == 201 && mine.body.contains(#""project":"web""#), "\(mine)")
            let list = try await call("/v1/webhooks?fields=id", as: admin, gateway)
            #expect(list.body.contains(#"[{"id":2}]"#), "\(list)")
            for (path, method) in [
                ("/v1/webhooks/1", "GET"), ("/v1/webhooks/1", "DELETE"), ("/v1/webhooks/1:test", "POST"),
                ("/v1/webhooks/1:enable", "POST"), ("/v1/webhooks/1/deliveries", "GET"),
                ("/v1/webhooks/1/deliveries/1", "GET"), ("/v1/webhooks/1/deliveries/1:redeliver", "POST"),
            ] {
                let answer = try await call(path, method, as: admin, gateway)
                #expect(answer.headers["x-hvc-code"] == "unknown_webhook", "\(method) \(path): \(answer)")
            }
            let theirs = #"{"name":"a","url":"https://a.test/","project":"other"}"#
            #expect(try await call("/v1/webhooks", "POST", as: admin, body: theirs, gateway).status == 404)
            #expect(try await call("/v1/webhooks/2:test", "POST", as: admin, gateway).status == 201)
            #expect(try await call("/v1/webhooks/2/deliveries/1:redeliver", "POST", as: admin, gateway).status == 200)
            let audit = try await call("/v1/audit?limit=2", as: Self.configured, gateway)
            let page = try JSONDecoder().decode(Page<AuditEntryResponse>.self, from: Data(audit.body.utf8))
            #expect(
                page.items.map(\.route) == [
                    "POST /v1/webhooks/{id}/deliveries/{number}:redeliver", "POST /v1/webhooks/{id}:test",
                ] && page.items.allSatisfy { $0.name == "w" },
                "\(audit)"
            )
            for _ in 2...8 { _ = try await call("/v1/webhooks", "POST", as: admin, body: body, gateway) }
            let full = try await call("/v1/webhooks", "POST", as: admin, body: body, gateway)
            #expect(full.headers["x-hvc-code"] == "limit_reached", "\(full)")
            #expect(try await call("/v1/webhooks", "POST", body: body, gateway).status == 201)
            for token in 1...2 { _ = try await call("/v1/tokens/\(token)", "DELETE", gateway) }
            let used = try await call("/v1/projects/web", "DELETE", gateway)
            #expect(used.status == 409 && used.body.contains("webhook 2"), "\(used)")
            for id in 2...9 { #expect(try await call("/v1/webhooks/\(id)", "DELETE", gateway).status == 200) }
            #expect(try await call("/v1/projects/web", "DELETE", gateway).status == 200)
        }
    }

    @Test("What is another project's is not there: not to be read, listed, changed or destroyed, by number or name")
    func others() async throws {
        try await with { gateway, token in
            let calls = [
                ("/v1/vms/1", "GET"), ("/v1/vms/b", "GET"), ("/v1/vms/1?wait_for=running&wait=1", "GET"),
                ("/v1/vms/1", "DELETE"), ("/v1/jobs/1", "GET"), ("/v1/jobs/1:cancel", "POST"),
                ("/v1/jobs/1:retry", "POST"), ("/v1/jobs/1:drop", "POST"), ("/v1/jobs/1/explanation", "GET"),
                ("/v1/holds/1", "GET"), ("/v1/holds/1", "DELETE"), ("/v1/projects/other", "GET"),
                ("/v1/vms?project=other", "GET"), ("/vm/query?vmid=1", "GET"), ("/vm/destroy?vmid=1", "GET"),
            ]
            for (path, method) in calls {
                let answer = try await call(path, method, as: token, gateway)
                #expect(answer.status == 404, "\(method) \(path): \(answer)")
            }
            let change = try await call("/v1/vms/1", "PATCH", as: token, body: #"{"name":"c"}"#, gateway)
            #expect(change.status == 404)
            let there = #"{"name":"b","project":"other",\#(Self.vm)}"#
            #expect(try await call("/v1/vms", "POST", as: token, body: there, gateway).status == 404)
            for list in ["/v1/vms", "/v1/jobs", "/v1/holds"] {
                let answer = try await call(list, as: token, gateway)
                #expect(answer.status == 200 && answer.body.contains(#""items":[]"#), "\(answer)")
            }
            #expect(try await call("/v1/vms/1", as: Self.configured, gateway).body.contains(#""name":"b""#))
        }
    }

    @Test("Its own VMs it makes, sees and destroys, by the original calls, too; lists and events have them alone")
    func own() async throws {
        try await with { gateway, token in
            let since = try await gateway.store.lastEvent().description
            let made = try await call("/v1/vms", "POST", as: token, body: #"{"name":"mine",\#(Self.vm)}"#, gateway)
            #expect(made.status == 202 && made.body.contains(#""project":"web""#), "\(made)")
            let legacy = try await call("/vm/create?name=too&instance_type=1&image_id=100", as: token, gateway)
            #expect(legacy.status == 202 && legacy.body == #"{"vmid":3}"#, "\(legacy)")
            _ = try await call("/v1/vms", "POST", body: #"{"name":"theirs","project":"other",\#(Self.vm)}"#, gateway)
            #expect(try await call("/v1/vms/mine", as: token, gateway).status == 200)
            #expect(try await call("/vm/query?vmid=3", as: token, gateway).status == 200)
            for list in ["/v1/vms", "/v1/jobs"] {
                let answer = try await call(list, as: token, gateway)
                let page = try JSONDecoder().decode(Listed.self, from: Data(answer.body.utf8))
                #expect(page.items.map(\.project) == ["web", "web"], "\(answer)")
                #expect(try await call("\(list)?project=other", as: Self.configured, gateway).body.contains("other"))
            }
            try await eventually("its events, and no others") {
                let events = try await call("/v1/events?wait=0&since=\(since)", as: token, gateway)
                let page = try JSONDecoder().decode(EventPage.self, from: Data(events.body.utf8))
                return page.items.compactMap(\.vmID).map(\.value) == [2, 3]
            }
            let projects = try await call("/v1/projects", as: token, gateway)
            #expect(projects.body.contains(#""vms":2"#) && !projects.body.contains("other"), "\(projects)")
            #expect(try await call("/v1/tokens/self", as: token, gateway).body.contains(#""project":"web""#))
        }
    }

    private struct Listed: Decodable {
        struct Item: Decodable { let project: String }
        let items: [Item]
    }

    @Test("Calls about the whole installation are refused to it, each of the table")
    func installation() async throws {
        try await with { gateway, token in
            let admin = try await self.made(#"{"name":"a","role":"admin","project":"web"}"#, gateway)
            for endpoint in Endpoints.all where endpoint.needsToken {
                let path = endpoint.path.filled(with: "9999") + (endpoint.isStream ? "?wait=0" : "")
                let body = endpoint.body.map { Schema(of: $0).valid.text }
                let answer = try await call(path, endpoint.methods[0].rawValue, as: admin, body: body, gateway)
                let isRefused = answer.headers["x-hvc-code"] == "forbidden"
                #expect(isRefused == (endpoint.scope == .installation), "\(endpoint.name): \(answer)")
            }
            #expect(try await call("/v1/webhooks", as: token, gateway).status == 403)
            let unknown = #"{"name":"a","role":"viewer","project":"none"}"#
            #expect(try await call("/v1/tokens", "POST", body: unknown, gateway).status == 404)
        }
    }

    @Test("A quota refuses before anything is accepted, and says what it is")
    func quota() async throws {
        try await with { gateway, token in
            let quotas = try await call("/v1/projects/web", "PATCH", body: #"{"quotas":{"vms":1}}"#, gateway)
            #expect(quotas.status == 200, "\(quotas)")
            let body = #"{"name":"a",\#(Self.vm)}"#
            #expect(try await call("/v1/vms", "POST", as: token, body: body, gateway).status == 202)
            let refused = try await call("/v1/vms", "POST", as: token, body: body, gateway)
            let problem = try JSONDecoder().decode(Problem.self, from: Data(refused.body.utf8))
            #expect(refused.status == 409 && problem.code == "quota_exceeded", "\(refused)")
            #expect(problem.quota == QuotaExcess(of: .vms, limit: 1, used: 1, asked: 1))
            let legacy = try await call("/vm/create?name=too&instance_type=1&image_id=100", as: token, gateway)
            #expect(legacy.body == #"{"vmid":0}"# && legacy.headers["x-hvc-code"] == "quota_exceeded")
            #expect(try await call("/v1/projects/web", "DELETE", gateway).status == 409)
            #expect(try await call("/v1/projects/default", "DELETE", gateway).status == 409)
        }
    }

    @Test("The audit log has each change with whose it was, and no reading")
    func audit() async throws {
        try await with { gateway, token in
            _ = try await call("/v1/vms", as: token, gateway)
            let made = try await call("/v1/vms", "POST", as: token, body: #"{"name":"mine",\#(Self.vm)}"#, gateway)
            _ = try await call("/vm/destroy?vmid=2", as: token, gateway)
            let answer = try await call("/v1/audit?limit=2", as: Self.configured, gateway)
            let page = try JSONDecoder().decode(Page<AuditEntryResponse>.self, from: Data(answer.body.utf8))
            #expect(page.items.map(\.route) == ["GET /vm/destroy", "POST /v1/vms"], "\(answer)")
            let entry = try #require(page.items.last)
            #expect(entry.name == "a" && entry.tokenID?.value == 1 && entry.project == "web" && entry.vmID?.value == 2)
            #expect(entry.requestID == made.headers["x-request-id"])
            let cursor = try #require(page.nextCursor)
            let older = try await call("/v1/audit?cursor=\(cursor)", as: Self.configured, gateway)
            let rest = try JSONDecoder().decode(Page<AuditEntryResponse>.self, from: Data(older.body.utf8))
            let routes = ["POST /v1/vms", "POST /v1/tokens", "POST /v1/projects", "POST /v1/projects"]
            #expect(
                rest.items.map(\.route) == routes && rest.items.allSatisfy { $0.name == "HVC_API_TOKEN" },
                "\(older)"
            )
            #expect(try await call("/v1/audit", as: token, gateway).status == 403)
        }
    }

    @Test("Before it has read the tokens a gateway without its own asks Redis whether there are any")
    func unread() async throws {
        try await InProcessGateway.with { gateway in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let table = TokenTable(
                store: gateway.store,
                feed: EventFeed(store: gateway.store, logger: logger),
                logger: logger
            )
            #expect(try await !table.hasTokens())
            let digest = String(repeating: "a", count: 64)
            _ = try await gateway.store.createToken(name: "a", role: .viewer, digest: digest, seconds: nil)
            #expect(try await table.hasTokens())
        }
    }
}
