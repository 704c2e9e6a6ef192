import API
import Foundation
import Model
import Placement
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("The calls about the queue")
struct QueueAPITests {
    private func queue(
        _ gateway: InProcessGateway,
        _ path: String = "",
        method: String = "GET",
        body: String? = nil
    ) async throws -> QueueResponse {
        let answer = try await gateway.http.call("/v1/queue" + path, method: method, body: body)
        #expect(answer.status == 200, "\(answer)")
        return try JSONDecoder().decode(QueueResponse.self, from: Data(answer.body.utf8))
    }

    @Test("They show what waits, what is under way on which worker, and rates")
    func shown() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "0"]) { gateway in
            try await gateway.fill()
            for _ in 0..<3 { _ = try await gateway.http.call("/vm/create?name=a&instance_type=1&image_id=100") }
            try await gateway.work()
            let snapshot = try await gateway.store.poll(since: .start, limit: 1)
            let claim = try await gateway.store.claim(
                snapshot.lines.map { ($0, .place(try #require(PMID(1)), PlacementExplanation(policy: "seed"))) },
                direct: 0,
                headroomVersion: snapshot.headroomVersion,
                worker: "w",
                lease: .seconds(60)
            )
            #expect(claim.results.count == 1)
            _ = try await gateway.http.call("/vm/destroy?vmid=1")
            try await eventually("the events to be counted") {
                let rates = try await queue(gateway).rates
                return rates.accepted == 4 && rates.finished == 1 && (0...60).contains(rates.windowSeconds)
            }
            let shown = try await queue(gateway)
            #expect(shown.capacity.depth == 1 && shown.capacity.nextJobID == JobID(3))
            #expect((0...60).contains(try #require(shown.capacity.oldestAgeSeconds)))
            #expect(shown.direct.depth == 1 && shown.direct.nextJobID == JobID(4))
            #expect(shown.running == 1 && shown.deferred == 0 && shown.dead == 0 && shown.paused == nil)
            let job = try #require(shown.jobs.first)
            #expect(job.jobID == JobID(2) && job.kind == "create" && job.worker == "w" && job.pmID == PMID(1))
        }
    }

    @Test(
        "A pause and rules are set, shown with their reasons, and taken away; a job's explanation says what it waits for"
    )
    func rules() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "0"]) { gateway in
            try await gateway.fill()
            _ = try await gateway.http.call("/vm/create?name=a&instance_type=1&image_id=100")
            #expect(try await queue(gateway, ":pause", method: "POST", body: #"{"reason":"x"}"#).paused?.reason == "x")
            let explained = try await gateway.http.call("/v1/jobs/1/explanation")
            #expect(explained.body.contains(#""waits_for":"the queue has been paused since 2"#), "\(explained)")
            #expect(try await queue(gateway, ":resume", method: "POST").paused == nil)
            #expect(try await queue(gateway, ":resume", method: "POST").paused == nil)

            let body = #"{"kind":"create","action":"reject","reason":"full"}"#
            let ruled = try await queue(gateway, "/rules", method: "POST", body: body)
            #expect(ruled.rules.map(\.kind) == ["create"] && ruled.rules[0].action == .reject)
            let refused = try await gateway.http.call("/vm/create?name=a&instance_type=1&image_id=100")
            #expect(refused.status == 503 && refused.headers["x-hvc-code"] == "rejected_by_rule")
            #expect(refused.headers["x-hvc-reason"]?.contains("full") == true)
            #expect(try await queue(gateway, "/rules?kind=create", method: "DELETE").rules.isEmpty)
            let again = try await gateway.http.call("/v1/queue/rules?kind=create", method: "DELETE")
            #expect(again.status == 404 && again.headers["x-hvc-code"] == "unknown_rule")
        }
    }

    @Test("A kind that there is not, another action, and a reason that is empty or of two lines are refused")
    func badInput() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            for body in [
                #"{"kind":"dance","action":"reject","reason":"r"}"#, #"{"kind":"create","action":"stop","reason":"r"}"#,
                #"{"kind":"create","action":"reject","reason":" "}"#, #"{"kind":"create","action":"reject"}"#,
                #"{"kind":"create","action":"reject","reason":"a\nb"}"#,
                #"{"kind":"create","action":"reject","reason":"\#(String(repeating: "a", count: 201))"}"#,
            ] {
                let answer = try await gateway.http.call("/v1/queue/rules", method: "POST", body: body)
                #expect(answer.status == 400, "\(body): \(answer)")
            }
            for path in ["/rules", "/rules?kind=Create", "/rules?kind=create&kind=hold"] {
                let answer = try await gateway.http.call("/v1/queue" + path, method: "DELETE")
                #expect(answer.status == 400, "\(path): \(answer)")
            }
            #expect(try await queue(gateway).rules.isEmpty)
        }
    }
}
