import API
import Foundation
import Model
import Placement
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("The calls about batches, and creates that wait for room")
struct BatchAPITests {
    private func call(
        _ gateway: InProcessGateway,
        _ path: String,
        method: String = "POST",
        key: String? = nil,
        _ body: String? = nil
    ) async throws -> HTTPAnswer {
        let headers = key.map { ["Idempotency-Key": $0] } ?? [:]
        return try await gateway.http.call(path, method: method, headers: headers, body: body)
    }

    private func batch(_ answer: HTTPAnswer) throws -> BatchResponse {
        try JSONDecoder().decode(BatchResponse.self, from: Data(answer.body.utf8))
    }

    private static let three = #"{"name":"web","instance_type":1,"image_id":100,"count":3,"atomic":true}"#

    @Test("A count makes a batch whose VMs' names end in numbers; a repeated request is the same batch")
    func count() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            let first = try await call(gateway, "/v1/vms", key: "k", Self.three)
            #expect(first.status == 202 && first.headers["location"] == "/v1/batches/1", "\(first)")
            #expect(first.headers["x-hvc-job"] == "1")
            let made = try batch(first)
            #expect(made.atomic && made.count == 3 && made.state == .open)
            #expect(made.vms.map(\.jobID.value) == [1, 2, 3] && made.vms.allSatisfy { $0.jobState == "queued" })
            let again = try await call(gateway, "/v1/vms", key: "k", Self.three)
            #expect(again.status == 202 && again.headers["idempotency-replayed"] == "true" && again.body == first.body)
            let names = try await gateway.store.vms(after: nil, limit: 9).records.map(\.vm.name)
            #expect(names == ["web-1", "web-2", "web-3"])
            let job = try await call(gateway, "/v1/jobs/2", method: "GET")
            #expect(job.body.contains(#""batch_id":1"#))
            let list = try await call(gateway, "/v1/batches?fields=id,count", method: "GET")
            #expect(list.body.contains(#"{"count":3,"id":1}"#), "\(list)")

            let cancelled = try batch(try await call(gateway, "/v1/batches/1:cancel"))
            #expect(
                cancelled.state == .failed
                    && cancelled.vms.allSatisfy { $0.error?.code == "cancelled" && $0.vmState == nil }
            )
            #expect(try await call(gateway, "/v1/batches/7", method: "GET").headers["x-hvc-code"] == "unknown_batch")
            // One alone is no batch, and keeps its name.
            let one = try await call(gateway, "/v1/vms", #"{"name":"web","instance_type":1,"image_id":100,"count":1}"#)
            #expect(one.headers["location"] == "/v1/jobs/4", "\(one)")
        }
    }

    @Test("Who waits gets the batch once all jobs have ended, and a problem where none has done as asked")
    func waits() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            let vms =
                #"{"vms":[{"name":"a","instance_type":1,"image_id":100},{"name":"b","instance_type":2,"image_id":100}]}"#
            async let answer = call(gateway, "/v1/batches?wait=20", vms)
            try await gateway.work()
            try await gateway.work(failure: Failure(.hypervisor, "no"))
            let partial = try await answer
            #expect(partial.status == 201 && partial.headers["location"] == "/v1/batches/1", "\(partial)")
            let batch = try batch(partial)
            #expect(batch.state == .partial && batch.vms.map(\.jobState) == ["done", "failed"])
            #expect(batch.vms[1].error?.code == "hypervisor" && batch.vms[0].pmID == PMID(1))

            async let failing = call(gateway, "/v1/batches?wait=20", vms)
            for _ in 1...2 { try await gateway.work(failure: Failure(.hypervisor, "no")) }
            let failed = try await failing
            #expect(failed.headers["x-hvc-code"] == "hypervisor" && failed.headers["x-hvc-job"] == "3", "\(failed)")
        }
    }

    @Test("What no batch can be, and deadlines that are none, are refused and change nothing")
    func badInput() async throws {
        try await InProcessGateway.with(["HVC_ROOM_WAIT": "60"]) { (gateway) async throws in
            try await gateway.fill()
            let vm = #""name":"a","instance_type":1,"image_id":100"#
            let past = "2001-01-01T00:00:00Z"
            for body in [
                #"{\#(vm),"count":0}"#, #"{\#(vm),"count":101}"#, #"{\#(vm),"count":1.5}"#, #"{\#(vm),"count":"2"}"#,
                #"{\#(vm),"wait_s":5}"#, #"{\#(vm),"when_full":"wait"}"#, #"{\#(vm),"when_full":"hope","wait_s":5}"#,
                #"{\#(vm),"when_full":"wait","wait_s":0}"#, #"{\#(vm),"when_full":"wait","wait_s":61}"#,
                #"{\#(vm),"when_full":"refuse","wait_s":5}"#, #"{\#(vm),"when_full":"wait","deadline_at":"soon"}"#,
                #"{\#(vm),"when_full":"wait","deadline_at":"\#(past)"}"#,
                #"{\#(vm),"when_full":"wait","wait_s":5,"deadline_at":"\#(past)"}"#,
                #"{"name":"a","image_id":100,"hold_id":1,"count":2}"#,
                #"{"name":"\#(String(repeating: "a", count: 255))","instance_type":1,"image_id":100,"count":2}"#,
            ] {
                let answer = try await call(gateway, "/v1/vms", body)
                #expect(answer.headers["x-hvc-code"] == "invalid_request", "\(body): \(answer)")
            }
            for body in [
                #"{"vms":[]}"#, "{}", #"{"vms":[{\#(vm),"count":60},{\#(vm),"count":41}]}"#,
                #"{"vms":[{\#(vm),"hold_id":1}]}"#,
                #"{"vms":[{"name":"","instance_type":1,"image_id":100}]}"#, #"{"vms":[{\#(vm)}],"atomic":1}"#,
            ] {
                let answer = try await call(gateway, "/v1/batches", body)
                #expect(answer.headers["x-hvc-code"] == "invalid_request", "\(body): \(answer)")
            }
            #expect(try await gateway.store.redis.send(["EXISTS", "hvc:vms", "hvc:batches", "hvc:queue"]).int == 0)
        }
    }

    @Test("A create that waits for room is shown with its deadline by its job, by the queue and by its explanation")
    func shown() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            let deadline = Date.now.addingTimeInterval(3600)
            let text = deadline.formatted(Date.ISO8601FormatStyle())
            let body = #"{"name":"a","instance_type":1,"image_id":100,"when_full":"wait","deadline_at":"\#(text)"}"#
            #expect(try await call(gateway, "/v1/vms", body).status == 202)
            let snapshot = try await gateway.store.poll(since: .start, limit: 1)
            let why = Failure(.noCapacity, "no PM has room for it")
            let outcome = try await gateway.store.claim(
                snapshot.lines.map { ($0, .refuse(why, PlacementExplanation(policy: "seed"))) },
                headroomVersion: snapshot.headroomVersion,
                worker: "w",
                lease: .seconds(60)
            )
            #expect(outcome.results == [.deferred])
            let answer = try await call(gateway, "/v1/jobs/1", method: "GET").body
            let job = try JSONDecoder().decode(JobResponse.self, from: Data(answer.utf8))
            #expect(job.state == "delayed" && job.reason == "no PM has room for it")
            let due = try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(try #require(job.dueAt))
            #expect(abs(due.timeIntervalSince(deadline)) < 30)
            let queue = try await call(gateway, "/v1/queue", method: "GET").body
            let shown = try JSONDecoder().decode(QueueResponse.self, from: Data(queue.utf8)).waitingForRoom
            #expect(shown.depth == 1 && shown.nextJobID == JobID(1) && shown.oldestAgeSeconds != nil)
            let explanation = try await call(gateway, "/v1/jobs/1/explanation", method: "GET").body
            #expect(explanation.contains(#""waits_for":"no PM has room for it""#), "\(explanation)")
            #expect(try await call(gateway, "/v1/jobs/1:cancel").status == 200)
            #expect(try await gateway.store.redis.send(["EXISTS", "hvc:queue:room"]).int == 0)
        }
    }
}
