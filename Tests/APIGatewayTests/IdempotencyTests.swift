import API
import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("Requests with a key of the client's own")
struct IdempotencyTests {
    private func body(_ name: String = "a") -> String { #"{"name":"\#(name)","instance_type":1,"image_id":100}"# }

    private func create(
        _ gateway: InProcessGateway,
        _ key: String = "k-1",
        name: String = "a",
        query: String = ""
    ) async throws -> HTTPAnswer {
        try await gateway.http.call(
            "/v1/vms" + query,
            method: "POST",
            headers: ["Idempotency-Key": key],
            body: body(name)
        )
    }

    private func vms(_ gateway: InProcessGateway) async throws -> Int? {
        try await gateway.store.redis.send(["ZCARD", "hvc:vms"]).int
    }

    @Test("A repeated create is accepted once, and answers what its job has come to; so does a destroy")
    func repeated() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            let first = try await create(gateway)
            #expect(first.status == 202 && first.headers["idempotency-replayed"] == nil)
            let again = try await create(gateway)
            #expect(again.status == 202 && again.headers["idempotency-replayed"] == "true" && again.body == first.body)
            #expect(again.headers["location"] == "/v1/jobs/1" && again.headers["x-hvc-job"] == "1")
            // Whoever waits, waits for the job of the first one.
            async let waiting = create(gateway, query: "?wait=60")
            try await gateway.work()
            #expect(try await waiting.status == 201)
            // The same fields in another order are the same request.
            let done = try await gateway.http.call(
                "/v1/vms",
                method: "POST",
                headers: ["Idempotency-Key": "k-1"],
                body: #"{ "image_id":100, "instance_type":1.0, "name":"a"}"#
            )
            #expect(done.status == 201 && done.headers["idempotency-replayed"] == "true", "\(done)")
            #expect(try await vms(gateway) == 1)

            func destroy() async throws -> HTTPAnswer {
                try await gateway.http.call("/v1/vms/1", method: "DELETE", headers: ["Idempotency-Key": "k-1"])
            }
            #expect(try await destroy().status == 202)
            #expect(try await destroy().status == 202)
            try await gateway.work()
            let gone = try await destroy()
            #expect(gone.status == 200 && gone.body.contains(#""state":"gone""#), "\(gone)")
            // What the create made is no more.
            let made = try await create(gateway)
            #expect(made.status == 201 && made.body.contains(#""state":"gone""#), "\(made)")
            #expect(try await gateway.store.redis.send(["HGET", "hvc:counters", "job"]).int == 2)
        }
    }

    @Test("A job that failed fails for each repetition; one whose record is gone is told from what there is")
    func ended() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            _ = try await create(gateway)
            try await gateway.work(failure: Failure(.hypervisor, "no"))
            let failed = try await create(gateway)
            #expect(failed.status == 502 && failed.headers["x-hvc-job"] == "1", "\(failed)")
            #expect(failed.headers["idempotency-replayed"] == "true")
            _ = try await create(gateway, "k-2")
            try await gateway.work()
            _ = try await gateway.store.redis.send(["DEL", "hvc:job:2"])
            #expect(try await create(gateway, "k-2").status == 201)
            #expect(try await vms(gateway) == 1)
        }
    }

    @Test("Of many at once with one key one is accepted")
    func concurrent() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            let answers = try await withThrowingTaskGroup(of: HTTPAnswer.self) { group in
                for _ in 0..<50 { group.addTask { try await create(gateway) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.status == 202 && $0.headers["x-hvc-job"] == "1" })
            #expect(answers.count { $0.headers["idempotency-replayed"] == nil } == 1)
            #expect(try await vms(gateway) == 1)
        }
    }

    @Test("Another request with the same key is refused; another call has keys of its own")
    func reused() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            _ = try await create(gateway)
            let other = try await create(gateway, name: "b")
            #expect(other.status == 422 && other.headers["x-hvc-code"] == "key_reused" && other.body.contains("job 1"))
            let hold = #"{"instance_type":1,"image_id":100,"expires_in_s":60}"#
            let headers = ["Idempotency-Key": "k-1"]
            let held = try await gateway.http.call("/v1/holds", method: "POST", headers: headers, body: hold)
            #expect(held.status == 202 && held.headers["x-hvc-job"] == "2")
            for vm in [1, 2] {
                let answer = try await gateway.http.call("/v1/vms/\(vm)", method: "DELETE", headers: headers)
                #expect(answer.status == (vm == 1 ? 202 : 422), "\(answer)")
            }
            for key in ["", " ", "a b", "é", String(repeating: "x", count: 129)] {
                #expect(try await create(gateway, key).status == 400, "\(key)")
            }
            #expect(try await create(gateway, String(repeating: "x", count: 128)).status == 202)
        }
    }

    @Test("What was refused was not accepted: the same key may be used for the request as corrected")
    func refused() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            let headers = ["Idempotency-Key": "k-1"]
            for _ in 0..<2 {
                let answer = try await gateway.http.call(
                    "/v1/vms",
                    method: "POST",
                    headers: headers,
                    body: #"{"name":"a","instance_type":9,"image_id":100}"#
                )
                #expect(answer.status == 404, "\(answer)")
            }
            #expect(try await create(gateway).status == 202)
        }
    }

    @Test("Keys are kept for a day, and 100,000 of them at most: the oldest go first, some at a time")
    func bounded() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            let redis = gateway.store.redis
            _ = try await create(gateway)
            let life = try await redis.send(["PTTL", "hvc:idempotency:createVM:k-1"]).int ?? 0
            #expect((86_300_000...86_400_000).contains(life))
            let script = RedisScript(
                name: "fill",
                source: """
                    for i = 1, 100000 do
                      redis.call('ZADD', KEYS[1], ARGV[1] + i, 'createVM:' .. i)
                      redis.call('SET', KEYS[1] .. ':createVM:' .. i, '1 1 n f')
                    end
                    """
            )
            let time = try await redis.send(["TIME"]).array?.first?.int ?? 0
            _ = try await redis.eval(
                script,
                keys: ["hvc:idempotency"],
                arguments: ["\((time - 1000) * 1000)".redisArgument]
            )
            // One that runs out, too.
            _ = try await redis.send(["ZADD", "hvc:idempotency", "1", "createVM:1"])
            _ = try await create(gateway, "k-2")
            #expect(try await redis.send(["ZCARD", "hvc:idempotency"]).int == 100_000)
            #expect(
                try await redis.send(["EXISTS", "hvc:idempotency:createVM:1", "hvc:idempotency:createVM:2"]).int == 0
            )
            #expect(try await redis.send(["EXISTS", "hvc:idempotency:createVM:3"]).int == 1)
        }
    }
}
