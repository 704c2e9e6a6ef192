import API
import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("Webhooks over HTTP")
struct WebhookAPITests {
    private static let plain = #"{"name":"a","url":"https://a.test/secret-path"}"#

    private func create(_ body: String, _ gateway: InProcessGateway) async throws -> HTTPAnswer {
        try await gateway.http.call("/v1/webhooks", method: "POST", body: body)
    }

    @Test("The secret is shown once, and it and the URL stand in no event")
    func secret() async throws {
        try await InProcessGateway.with { gateway in
            let answer = try await create(Self.plain, gateway)
            #expect(answer.status == 201 && answer.headers["location"] == "/v1/webhooks/1", "\(answer)")
            let made = try JSONDecoder().decode(NewWebhookResponse.self, from: Data(answer.body.utf8))
            #expect(try WebhookSecret(made.secret).bytes.count == 32)
            let given = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
            let second = try await create(
                #"{"name":"b","url":"https://b.test","types":["vm.*","job.finished"],"secret":"\#(given)"}"#,
                gateway
            )
            #expect(second.status == 201 && second.body.contains(given))
            for path in ["", "/1", "/2", "/1/deliveries"] {
                let shown = try await gateway.http.call("/v1/webhooks" + path)
                #expect(shown.status == 200 && !shown.body.contains("whsec_"), "\(shown)")
            }
            _ = try await gateway.http.call("/v1/webhooks/1:test", method: "POST")
            _ = try await gateway.http.call("/v1/webhooks/1:enable", method: "POST")
            _ = try await gateway.http.call("/v1/webhooks/1", method: "DELETE")
            let events = "\(try await gateway.store.redis.send(["XRANGE", "hvc:events", "-", "+"]))"
            for type in ["created", "asked", "enabled", "deleted"] { #expect(events.contains("webhook.\(type)")) }
            #expect(!events.contains("secret-path") && !events.contains("whsec_"))
        }
    }

    @Test("A URL without TLS is refused unless the setting takes it, and so is what is no URL, type or secret")
    func refused() async throws {
        for (setting, status) in [("off", 400), ("on", 201)] {
            try await InProcessGateway.with(["HVC_WEBHOOK_HTTP": setting]) { gateway in
                let answer = try await create(#"{"name":"a","url":"http://a.test/"}"#, gateway)
                #expect(answer.status == status, "\(answer)")
            }
        }
        try await InProcessGateway.with { gateway in
            for (body, word) in [
                (#"{"name":"a","url":"https://u:p@a.test/"}"#, "url"), (#"{"name":"a","url":"https://127.1/"}"#, "url"),
                (#"{"name":" ","url":"https://a.test/"}"#, "name"),
                (#"{"name":"a","url":"https://a.test/","types":["VM"]}"#, "types"),
                (#"{"name":"a","url":"https://a.test/","types":["a,b"]}"#, "types"),
                (#"{"name":"a","url":"https://a.test/","types":[""]}"#, "types"),
                (#"{"name":"a","url":"https://a.test/","secret":"whsec_short"}"#, "secret"),
            ] {
                let answer = try await create(body, gateway)
                #expect(answer.status == 400 && answer.body.contains(word), "\(body): \(answer)")
            }
            #expect(try await gateway.store.redis.send(["EXISTS", "hvc:webhooks"]).int == 0)
        }
    }

    @Test("There are 32 at most, and a number is never given again")
    func limit() async throws {
        try await InProcessGateway.with { gateway in
            for _ in 0..<32 { #expect(try await create(Self.plain, gateway).status == 201) }
            let answer = try await create(Self.plain, gateway)
            #expect(answer.status == 409 && answer.headers["x-hvc-code"] == "limit_reached")
            #expect(try await gateway.http.call("/v1/webhooks/32", method: "DELETE").status == 200)
            #expect(try await create(Self.plain, gateway).body.contains(#""id":33"#))
            let page = try await gateway.http.call("/v1/webhooks?limit=2&fields=id")
            #expect(page.body.contains(#"[{"id":1},{"id":2}]"#) && page.body.contains("next_cursor"))
        }
    }

    @Test("A message that is asked for is listed until it is sent, and of what there is not the answer is 404")
    func deliveries() async throws {
        try await InProcessGateway.with { gateway in
            _ = try await create(Self.plain, gateway)
            let made = try await gateway.http.call("/v1/webhooks/1:test", method: "POST")
            #expect(made.status == 201 && made.headers["location"] == "/v1/webhooks/1/deliveries/1", "\(made)")
            let list = try await gateway.http.call("/v1/webhooks/1/deliveries")
            let page = try JSONDecoder().decode(Page<DeliveryResponse>.self, from: Data(list.body.utf8))
            #expect(page.items.map(\.kind) == [.test] && page.items.map(\.state) == [.pending])
            for (method, path, code) in [
                ("GET", "/2", "unknown_webhook"), ("DELETE", "/2", "unknown_webhook"),
                ("POST", "/2:test", "unknown_webhook"), ("POST", "/2:enable", "unknown_webhook"),
                ("GET", "/2/deliveries", "unknown_webhook"), ("GET", "/1/deliveries/2", "unknown_delivery"),
                ("POST", "/1/deliveries/2:redeliver", "unknown_delivery"),
            ] {
                let answer = try await gateway.http.call("/v1/webhooks" + path, method: method)
                #expect(answer.status == 404 && answer.headers["x-hvc-code"] == code, "\(path): \(answer)")
            }
        }
    }
}
