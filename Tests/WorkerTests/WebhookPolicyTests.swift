import Digest
import Foundation
import Model
import Store
import Testing

@testable import Worker

@Suite("When a message to a webhook is tried again")
struct WebhookPolicyTests {
    private let policy = WebhookPolicy()
    private let start = 1_800_000_000_000

    private func delivery(attempts: Int) throws -> WebhookDelivery {
        WebhookDelivery(
            number: try #require(DeliveryID(1)),
            message: "m",
            kind: .events,
            state: .pending,
            after: "0-1",
            last: "0-2",
            events: 1,
            attempts: attempts,
            status: nil,
            reason: nil,
            createdAt: start,
            attemptedAt: nil,
            nextAt: nil
        )
    }

    private func record(
        _ answer: WebhookAnswer,
        attempts: Int = 0,
        after time: Duration = .zero,
        failingFor failing: Duration? = nil,
        isAsked: Bool = false,
        chance: Double = 0.5
    ) throws -> AttemptRecord {
        let now = start + Int(time.components.seconds) * 1000
        let webhook = Webhook(
            id: try #require(WebhookID(1)),
            name: "a",
            url: "https://a/",
            types: [],
            secret: "",
            createdAt: "",
            failingSince: failing.map { now - Int($0.components.seconds) * 1000 }
        )
        return policy.record(
            of: answer,
            to: try delivery(attempts: attempts),
            of: webhook,
            isAsked: isAsked,
            at: now,
            chance: chance
        )
    }

    @Test("Any 2xx is a success, anything else is tried again after 1, 2, 4 … 300 s, up to 12 times within an hour")
    func bounded() throws {
        for status in [200, 201, 204, 299] { #expect(try record(.status(status)).state == .delivered) }
        for status in [100, 301, 308, 400, 404, 429, 500, 503] {
            let record = try record(.status(status))
            #expect(record.state == .pending && record.status == status && record.reason?.contains("\(status)") == true)
        }
        var total = Duration.zero
        for attempts in 0..<11 {
            let record = try record(.none("no"), attempts: attempts)
            #expect(record.state == .pending && record.delay == .seconds(min(300, 1 << attempts)))
            total += record.delay
        }
        #expect(total < policy.age)
        #expect(try record(.none("no"), attempts: 11).state == .failed)
        #expect(try record(.none("no"), attempts: 3, after: .seconds(3600)).state == .failed)
        for chance in [0.0, 1] {
            let delay = try record(.none("no"), attempts: 4, chance: chance).delay
            #expect((Duration.seconds(12)...Duration.seconds(20)).contains(delay))
        }
    }

    @Test("One who wants no more, or fails for a day, gets nothing more, with the reason")
    func disabled() throws {
        let gone = try record(.status(410))
        #expect(gone.state == .failed && gone.disables?.contains("410") == true)
        #expect(try record(.status(500), failingFor: .seconds(86_399)).disables == nil)
        let late = try record(.status(500), failingFor: .seconds(86_400))
        #expect(late.disables == "every attempt of the last 24 h failed: HTTP status 500" && late.state == .pending)
        #expect(try record(.status(200), failingFor: .seconds(86_400)).disables == nil)
    }

    @Test("What somebody asked for is tried once")
    func asked() throws {
        #expect(try record(.status(500), isAsked: true).state == .failed)
        #expect(try record(.status(200), isAsked: true).state == .delivered)
    }

    @Test("A message is signed as Standard Webhooks says, by its own example")
    func signature() throws {
        let message = WebhookMessage(
            url: "https://a/",
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            body: #"{"test": 2432232314}"#,
            secret: try WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        )
        let headers = try message.headers(at: Date(timeIntervalSince1970: 1_614_265_330.7))
        let values = Dictionary(headers.map { ($0.name, $0.value) }) { first, _ in first }
        #expect(values["webhook-timestamp"] == "1614265330")
        #expect(values["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        // RFC 4231, 4.3 (case 2).
        let code = try #require(HMACSHA256(of: "what do ya want for nothing?", key: Array("Jefe".utf8)))
        #expect(code.bytes.prefix(4) == [0x5B, 0xDC, 0xC1, 0x46] && code.bytes.suffix(2) == [0x38, 0x43])
    }

    @Test("A message is bounded: by count, by bytes, and by the texts of an event that alone is too long")
    func size() throws {
        func event(_ bytes: Int) -> StoreEvent {
            StoreEvent(type: "t", fields: ["message": String(repeating: "\"", count: bytes), "vm": "7"])
        }
        #expect(WebhookBody.fitting((0..<300).map { _ in event(1) }) == 100)
        #expect(WebhookBody.fitting([event(10_000), event(10_000)]) == 1)
        let huge = [event(1_000_000)]
        #expect(WebhookBody.fitting(huge) == 1)
        let body = WebhookBody(webhook: try #require(WebhookID(1)), kind: .events, items: WebhookBody.items(huge))
        let text = try body.text()
        #expect(text.utf8.count < 4_000 && text.contains(#""vm_id":7"#))
        // What curl reads of a line of its configuration.
        let most = (0..<100).map { _ in event(0) } + [event(16_000)]
        let items = WebhookBody.items(Array(most.prefix(WebhookBody.fitting(most))))
        let longest = try WebhookBody(webhook: #require(WebhookID(1)), kind: .events, items: items).text()
        #expect(CurlConfiguration.quoted(longest).utf8.count < 100 * 1024)
    }
}
