import API
import Foundation
import Model
import RedisClient
import TestKit
import Testing

@Suite("Webhooks, by real workers and a real receiver")
struct WebhookTests {
    @Test(
        "A worker dies between an attempt and its record: another sends the message again, and a slow receiver holds up nobody",
        .timeLimit(.minutes(1))
    )
    func takenOver() async throws {
        let receiver = try await WebhookReceiver(name: "localhost")
        let settings = [
            "HVC_WEBHOOK_NETWORKS": "127.0.0.1", "HVC_WEBHOOK_CA_FILE": receiver.authority, "HVC_LEASE": "1",
            // What the environment says of proxies is not heeded.
            "https_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9",
        ]
        try await withSimulatedFleet(1, workers: 0, environment: settings) { _, site in
            let first = try await site.startWorker("one", environment: ["HVC_TEST_CRASH": "webhook.sent"])
            try await site.waitUntilUp(1)
            func webhook(_ path: String) async throws -> NewWebhookResponse {
                let body = #"{"name":"a","url":"https://localhost:\#(receiver.port)\#(path)","types":["job.finished"]}"#
                let answer = try await site.http.call("/v1/webhooks", method: "POST", body: body)
                return try JSONDecoder().decode(NewWebhookResponse.self, from: Data(answer.body.utf8))
            }
            let slow = try await webhook("/slow")
            let made = try await webhook("/200")
            func createVM() async throws {
                #expect(try await site.http.call("/vm/create?name=a&instance_type=1&image_id=100").status == 200)
            }
            try await createVM()
            #expect(try await first.waitForExit(within: .seconds(20)) == .signal(SIGKILL))
            _ = try await site.startWorker("two")
            try await eventually("the message to come again", deadline: .seconds(20)) {
                try receiver.requests(at: "/200").count == 2
            }
            try await createVM()
            try await eventually("the next message", deadline: .seconds(5)) {
                try receiver.requests(at: "/200").count == 3
            }
            let requests = try receiver.requests(at: "/200")
            #expect(requests.map { $0.headers["webhook-id"] }[0] == requests[1].headers["webhook-id"])
            #expect(requests[0].body == requests[1].body)
            #expect(requests[1].headers["webhook-id"] != requests[2].headers["webhook-id"])
            #expect(requests.allSatisfy { $0.types == ["job.finished"] })
            for request in requests { #expect(try await isAccepted(request, made.secret)) }
            #expect(try await !isAccepted(requests[0], slow.secret), "another webhook's secret")
            try await eventually("the records") {
                let list = try await site.http.call("/v1/webhooks/\(made.id)/deliveries").body
                let page = try JSONDecoder().decode(Page<DeliveryResponse>.self, from: Data(list.utf8))
                return page.items.map(\.state) == [.delivered, .delivered] && page.items.map(\.attempts) == [1, 1]
            }
        }
    }

    /// Whether the lines that docs/api.md gives to receivers take a message.
    private func isAccepted(_ request: WebhookReceiver.Request, _ secret: String) async throws -> Bool {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/api.md"), encoding: .utf8)
        let examples = text.components(separatedBy: "```python\n").dropFirst()
        let example = try #require(examples.first { $0.contains("webhook-id") })
        let lines = try #require(example.components(separatedBy: "```").first)
        let program = """
            import base64, hmac, json, sys, time
            request, secret = json.loads(sys.argv[1]), sys.argv[2]
            headers, body = request["headers"], request["body"].encode()
            \(lines.split(separator: "\n").joined(separator: "\n"))
            print("accepted" if accepted else "refused")
            """
        let message = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
        let process = try ChildProcess("python3", ["-c", program, message, secret])
        #expect(try await process.waitForExit(within: .seconds(10)) == .status(0), "\(process.text)")
        return process.text.contains("accepted")
    }
}
