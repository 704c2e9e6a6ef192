import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("The gateway's life")
struct GatewayLifeTests {
    @Test("Without Redis it answers 503 with Retry-After at once, says so, and recovers by itself")
    func outage() async throws {
        try await LiveGateway.with { (gateway) async throws in
            try await gateway.fill()
            try await gateway.announceWorker(lease: .seconds(600))
            #expect(try await gateway.http.call("/readyz").status == 200)
            try await gateway.server.kill9()
            let answer = try await gateway.http.call("/vm/create?name=a&instance_type=1&image_id=100", within: 5)
            #expect(answer.status == 503 && answer.body == #"{"vmid":0}"#)
            #expect(answer.headers["retry-after"] != nil && answer.headers["x-hvc-code"] == "store_unavailable")
            try await eventually("/readyz to say so") { try await gateway.http.call("/readyz").status == 503 }
            #expect(try await gateway.http.call("/healthz").status == 200)
            try await gateway.server.restart()
            try await eventually("the gateway to recover", deadline: .seconds(20)) {
                try await gateway.http.call("/readyz").status == 200
            }
        }
    }

    @Test("While PMs are probed anew, create and destroy wait for that, and a query says so")
    func notReady() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "20"]) { (gateway) async throws in
            let query = try await gateway.http.call("/vm/query?vmid=1")
            #expect(query.status == 503 && query.body == "0" && query.headers["x-hvc-code"] == "not_ready")
            async let created = gateway.http.call("/vm/create?name=a&instance_type=1&image_id=100")
            async let destroyed = gateway.http.call("/vm/destroy?vmid=77")
            // Both are asked for by now or soon; either way they wait for the probe, which comes last here.
            try await gateway.fill()
            try await gateway.work()
            #expect(try await created.body == #"{"vmid":1}"#)
            #expect(try await destroyed.headers["x-hvc-code"] == "unknown_vm")
        }
        try await InProcessGateway.with(["HVC_WAIT": "0.3"]) { (gateway) async throws in
            let answer = try await gateway.http.call("/vm/create?name=a&instance_type=1&image_id=100")
            #expect(answer.status == 503 && answer.body == #"{"vmid":0}"#)
            #expect(answer.headers["retry-after"] != nil && answer.headers["x-hvc-code"] == "not_ready")
        }
    }

    @Test("A graceful stop lets callers who wait have their answer, and ends within seconds")
    func gracefulStop() async throws {
        try await LiveGateway.with { (gateway) async throws in
            try await gateway.fill()
            async let created = gateway.http.call("/vm/create?name=a&instance_type=1&image_id=100")
            try await eventually("the create to be accepted") {
                try await gateway.store.redis.send(["LLEN", "hvc:queue"]).int == 1
            }
            gateway.process.signal(SIGTERM)
            try await gateway.work()
            #expect(try await created.body == #"{"vmid":1}"#)
            #expect(try await gateway.process.waitForExit(within: .seconds(10)) == .status(0))
        }
    }

    @Test("Where a token is set, calls need it; the health calls do not")
    func token() async throws {
        try await LiveGateway.with(["HVC_API_TOKEN": "s3cret"]) { (gateway) async throws in
            #expect(try await gateway.http.call("/vm/types").status == 401)
            let wrong = try await gateway.http.call("/vm/types", headers: ["Authorization": "Bearer s3creT"])
            #expect(wrong.status == 401 && wrong.body == "0" && wrong.headers["www-authenticate"] == "Bearer")
            let right = try await gateway.http.call("/vm/types", headers: ["Authorization": "Bearer s3cret"])
            #expect(right.status == 200)
            #expect(try await gateway.http.call("/readyz").status == 200)
            #expect(!gateway.process.text.contains("s3cret"))
        }
    }

    @Test(
        "Settings that cannot be are refused with the variable's name",
        arguments: [
            ["HVC_PORT": "http"], ["HVC_HOST": "0.0.0.0"], ["HVC_WAIT": "-1"], ["HVC_REDIS_URL": "tcp://x"],
            ["HVC_PREFIX": "a b"], ["HVC_LOG_LEVEL": "loud"],
        ]
    )
    func badSettings(environment: [String: String]) async throws {
        let process = try ChildProcess(try BuiltProgram.path("hvc-gateway"), environment: environment)
        #expect(try await process.waitForExit(within: .seconds(20)) != .status(0))
        let name = try #require(environment.keys.first)
        #expect(process.text.contains(name), "\(process.text)")
    }

    @Test("Each request is one line of the log, with the caller's id where it is a plain word")
    func accessLog() async throws {
        try await LiveGateway.with { (gateway) async throws in
            let answer = try await gateway.http.call("/vm/types", headers: ["X-Request-Id": "my-id.7"])
            #expect(answer.headers["x-request-id"] == "my-id.7")
            try await gateway.process.waitForLine(containing: "request=my-id.7")
            let forged = try await gateway.http.call("/vm/query?vmid=%0A2026", headers: ["X-Request-Id": "a b"])
            let id = try #require(forged.headers["x-request-id"])
            #expect(id != "a b")
            let line = try await gateway.process.waitForLine(containing: "request=\(id)")
            #expect(line.contains("status=400"))
        }
    }
}
