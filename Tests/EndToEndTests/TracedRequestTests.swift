import Foundation
import RedisClient
import TestKit
import Testing

@Suite("A request in logs and records")
struct TracedRequestTests {
    private let trace = String(repeating: "4b", count: 16)

    private func objects(_ process: ChildProcess) throws -> [[String: Any]] {
        try process.text.split(separator: "\n").map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
        }
    }

    @Test(
        "With logs as JSON, its id and its trace lead from the gateway's line to the job, its steps and the worker's line",
        .timeLimit(.minutes(1))
    )
    func followed() async throws {
        let folder = try TemporaryDirectory()
        try await Installation.with(
            machines: [],
            images: [try HaltImage.write(to: folder.file("halt.img"))],
            types: #""types": [{"cpu": 1, "ram": 512, "disk": 1}]"#,
            workers: 0,
            environment: ["HVC_FLEET": "simulated:2"]
        ) { site, _ in
            let json = ["HVC_LOG_FORMAT": "json"]
            let worker = try await site.startWorker("w", environment: json)
            let gateway = try site.program("hvc-gateway", [], environment: json)
            try await gateway.waitForLine(containing: #""message":"listening""#, within: .seconds(30))
            let address = try #require(try objects(gateway).compactMap { $0["address"] as? String }.last)
            let http = HTTPCalls(
                base: "http://127.0.0.1:" + (address.split(separator: ":").last.map(String.init) ?? "")
            )
            for pm in 1...2 { try await site.waitUntilUp(pm) }
            let header = "00-\(trace)-00f067aa0ba902b7-01"
            let answer = try await http.call(
                "/vm/create?name=a&instance_type=1&image_id=100",
                headers: ["traceparent": header, "X-Request-Id": "my-request"]
            )
            #expect(answer.status == 200)
            #expect(try await http.call("/v1/vms/1", headers: ["traceparent": "00-\(trace)-0-01"]).status == 200)

            #expect(try await site.field("hvc:job:1", "traceparent") == header)
            let steps = try await site.redis.send(["HVALS", "hvc:job:1:steps"]).strings ?? []
            #expect(steps.count == 5 && steps.allSatisfy { $0.contains("\"traceparent\":\"\(header)\"") }, "\(steps)")
            #expect(try await http.call("/v1/jobs/1/explanation").body.contains("\"traceparent\":\"\(header)\""))

            try await gateway.waitForLine(containing: "/v1/jobs/1", within: .seconds(10))
            let requests = try objects(gateway).filter { $0["path"] != nil }
            let create = try #require(requests.first { $0["path"] as? String == "/vm/create" })
            #expect(create["request"] as? String == "my-request" && create["trace"] as? String == trace)
            #expect(create["status"] as? Int == 200 && create["job"] as? Int == 1)
            let read = try #require(requests.first { $0["path"] as? String == "/v1/vms/1" })
            #expect(read["vm"] as? Int == 1 && read["trace"] == nil)

            try await worker.waitForLine(containing: "create: done", within: .seconds(10))
            let done = try #require(try objects(worker).first { $0["message"] as? String == "create: done" })
            #expect(done["request"] as? String == "my-request" && done["trace"] as? String == trace)
            #expect(done["job"] as? Int == 1 && done["vm"] as? Int == 1 && done["pm"] is Int)
            #expect(done["worker"] as? String == "w" && done["program"] as? String == "hvc-worker")
            try await gateway.kill()
        }
    }
}
