import API
import Foundation
import HTTPTypes
import HummingbirdCore
import Model
import RedisClient
import TestKit
import Testing

@testable import APIGateway
@testable import Store

@Suite("Answers name the job, and those of /v1 are lines")
struct AcceptedJobTests {
    private static let vm = #"{"name":"a","instance_type":1,"image_id":100}"#
    private static let hold = #"{"instance_type":1,"image_id":100,"expires_in_s":60}"#

    @Test("A request that was accepted names its job in X-HVC-Job, whatever became of it")
    func job() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "20"]) { (gateway) async throws in
            try await gateway.fill()
            let failure = Failure(.hypervisor, "libvirt says no")
            let calls: [(method: String, path: String, body: String?, failure: Failure?, status: Int)] = [
                ("GET", "/vm/create?name=a&instance_type=1&image_id=100", nil, nil, 200),
                ("GET", "/vm/create?name=a&instance_type=1&image_id=100", nil, failure, 502),
                ("POST", "/v1/vms?wait=20", Self.vm, nil, 201),
                ("POST", "/v1/vms?wait=20", Self.vm, failure, 502),
                ("GET", "/vm/destroy?vmid=1", nil, nil, 200),
                ("DELETE", "/v1/vms/3?wait=20", nil, nil, 200),
            ]
            for (number, (method, path, body, failure, status)) in calls.enumerated() {
                async let answered = gateway.http.call(path, method: method, body: body)
                try await gateway.work(failure: failure)
                let answer = try await answered
                #expect(answer.status == status && answer.headers["x-hvc-job"] == "\(number + 1)", "\(path): \(answer)")
                #expect(!path.hasPrefix("/v1") || answer.body.hasSuffix("}\n"), "\(path): \(answer)")
            }
            // Nothing was accepted, so there is no job.
            for path in ["/vm/destroy?vmid=77", "/vm/create?name=a&instance_type=7&image_id=100", "/vm/types"] {
                #expect(try await gateway.http.call(path).headers["x-hvc-job"] == nil)
            }
        }
    }

    @Test("So does an answer that does not wait")
    func goesOn() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "0"]) { (gateway) async throws in
            try await gateway.fill()
            let calls = [
                ("GET", "/vm/create?name=a&instance_type=1&image_id=100", nil), ("POST", "/v1/vms", Self.vm),
                ("POST", "/v1/holds", Self.hold), ("GET", "/vm/destroy?vmid=1", nil), ("DELETE", "/v1/vms/2", nil),
            ]
            for (number, (method, path, body)) in calls.enumerated() {
                let answer = try await gateway.http.call(path, method: method, body: body)
                #expect(answer.status == 202 && answer.headers["x-hvc-job"] == "\(number + 1)", "\(path): \(answer)")
            }
        }
    }

    @Test("A job that was done is no failure where its record cannot be read")
    func unreadable() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            async let answered = gateway.http.call("/v1/vms?wait=20", method: "POST", body: Self.vm)
            try await eventually("a job to come") {
                try await gateway.store.redis.send(["EXISTS", "hvc:queue"]).int == 1
            }
            _ = try await gateway.store.redis.send(["HSET", "hvc:vm:1", "uuid", "broken"])
            try await gateway.work()
            let answer = try await answered
            #expect(answer.status == 202 && answer.headers["x-hvc-job"] == "1", "\(answer)")
            let receipt = try JSONDecoder().decode(JobAccepted.self, from: Data(answer.body.utf8))
            #expect(receipt.job.state == "done" && receipt.job.vmID == VMID(1) && receipt.vm == nil)
        }
    }

    @Test("Every answer of /v1 ends in a newline, problems included; the original ones and health do not")
    func newline() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            for path in ["/v1/pms/1", "/v1/pms/2", "/v1/capacity", "/v1/nothing", "/v1/vms/x", "/v1/vms"] {
                #expect(try await gateway.http.call(path).body.hasSuffix("}\n"), "\(path)")
            }
            for path in ["/vm/types", "/vm/query?vmid=9", "/nothing", "/healthz", "/readyz"] {
                #expect(try await !gateway.http.call(path).body.hasSuffix("\n"), "\(path)")
            }
        }
    }

    @Test(
        "A body that can be read in two ways is refused",
        arguments: [
            #"{"name":"a","name":"b","instance_type":1,"image_id":100}"#,
            #"{"name":"a","instance_type":1,"image_id":100,"placement":{"pm":1,"pm":2}}"#,
            #"{"name":"a\u202e","instance_type":1,"image_id":100}"#,
            #"{"name":"\ud800","instance_type":1,"image_id":100}"#, String(repeating: "[", count: 10_000),
        ]
    )
    func twoMeanings(body: String) async throws {
        try await InProcessGateway.with(["HVC_WAIT": "0"]) { (gateway) async throws in
            try await gateway.fill()
            let answer = try await gateway.http.call("/v1/vms", method: "POST", body: body)
            #expect(answer.status == 400 && answer.headers["x-hvc-code"] == "invalid_request", "\(answer)")
            #expect(try await gateway.store.redis.send(["LLEN", "hvc:queue"]).int == 0)
        }
    }
}
