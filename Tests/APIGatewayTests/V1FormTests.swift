import API
import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("The form of the calls under /v1/")
struct V1FormTests {
    @Test("A call that makes a job answers as soon as it is accepted: with the job, the VM and where to look")
    func accepted() async throws {
        let calls = [
            ("POST", "/v1/vms", #"{"name":"a","instance_type":1,"image_id":100}"#, 1),
            ("POST", "/v1/holds", #"{"instance_type":1,"image_id":100,"expires_in_s":3600}"#, 2),
            ("DELETE", "/v1/vms/1", nil, 1),
        ]
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            for (index, (method, path, body, vm)) in calls.enumerated() {
                let number = index + 1
                let headers = number == 2 ? ["Prefer": "respond-async"] : [:]
                let answer = try await gateway.http.call(path, method: method, headers: headers, body: body)
                let place = "/v1/jobs/\(number)"
                #expect(answer.status == 202 && answer.headers["location"] == place, "\(answer)")
                let receipt = try JSONDecoder().decode(JobAccepted.self, from: Data(answer.body.utf8))
                #expect(receipt.job.id.value == number && receipt.job.state == "queued")
                #expect(receipt.job.vmID.value == vm && receipt.vm?.id.value == vm && receipt.vm?.state == "queued")
                let job = try await gateway.http.call(place)
                #expect(try JSONDecoder().decode(JobResponse.self, from: Data(job.body.utf8)) == receipt.job)
            }
        }
    }

    @Test("A method that a path does not take is refused with those it takes")
    func methods() async throws {
        let allowed = [
            "/v1/vms": "POST, GET", "/v1/vms/1": "GET, PATCH, DELETE", "/v1/holds": "GET, POST",
            "/v1/holds/1": "GET, DELETE",
            "/v1/pms/1": "GET", "/v1/pms/1/tags": "PUT", "/v1/pms/1:cordon": "POST", "/v1/pms/1:drain": "POST",
            "/v1/placements:dry-run": "POST", "/v1/capacity": "GET", "/v1/jobs/1/explanation": "GET",
            "/v1/jobs/1": "GET", "/v1/jobs/1:cancel": "POST",
            "/vm/create": "GET, POST", "/image/list": "GET, POST", "/healthz": "GET", "/openapi.json": "GET",
        ]
        try await InProcessGateway.with { gateway in
            for (path, list) in allowed {
                let answer = try await gateway.http.call(path, method: "TRACE")
                #expect(answer.status == 405 && answer.headers["allow"] == list, "\(path): \(answer)")
            }
            for path in ["/v1/pms/1:dance", "/v1/vms/1:cordon"] {
                for method in ["GET", "POST", "TRACE"] {
                    let answer = try await gateway.http.call(path, method: method)
                    #expect(
                        answer.status == 404 && answer.body.contains("unknown_call"),
                        "\(method) \(path): \(answer)"
                    )
                }
            }
        }
    }

    @Test("A key of the client's own is refused by each change that does not keep it, before anything is changed")
    func keys() async throws {
        try await InProcessGateway.with { gateway in
            for endpoint in Endpoints.all where endpoint.style == .v1 {
                for method in endpoint.methods {
                    let path = endpoint.path.filled(with: "9999") + (endpoint.isStream ? "?wait=0" : "")
                    let answer = try await gateway.http.call(
                        path,
                        method: method.rawValue,
                        headers: ["Idempotency-Key": "k"],
                        body: endpoint.body.map { Schema(of: $0).valid.text }
                    )
                    let isRefused = answer.body.contains("takes no Idempotency-Key")
                    #expect(isRefused == (method != .get && !endpoint.makesJob), "\(endpoint.name): \(answer)")
                    #expect(!isRefused || answer.headers["x-hvc-code"] == "not_supported")
                }
            }
            let made = try await gateway.store.redis.send(["EXISTS", "hvc:tokens", "hvc:webhooks", "hvc:queue:rules"])
            #expect(made.int == 0)
        }
    }

    private static let create = #""name":"a","image_id":100"#
    private static let problems: [(method: String, path: String, body: String?, status: Int, word: String)] = [
        ("POST", "/v1/vms", "{", 400, "no JSON"), ("POST", "/v1/vms", "{\(create)}", 400, "instance_type"),
        ("POST", "/v1/vms", #"{"name":"a","image_id":"x","instance_type":1}"#, 400, "image_id is no whole number"),
        ("POST", "/v1/vms", "{\(create),\"instance_type\":1,\"extra\":1}", 400, "extra"),
        ("POST", "/v1/vms", "{\(create),\"instance_type\":9}", 404, "no type 9"),
        ("POST", "/v1/vms", "{\(create),\"instance_type\":1,\"hold_id\":1}", 400, "or hold_id"),
        ("POST", "/v1/vms", #"{"name":" ","image_id":100,"instance_type":1}"#, 400, "name is blank"),
        ("POST", "/v1/vms", "{\(create),\"instance_type\":1,\"placement\":{\"tags\":[\"a b\"]}}", 400, "a b"),
        (
            "POST", "/v1/vms", "{\(create),\"instance_type\":1,\"placement\":{\"tag\":[]}}", 400,
            "the field placement.tag: unknown to this call, which takes architecture"
        ),
        (
            "POST", "/v1/vms", "{\(create),\"instance_type\":1,\"placement\":{\"not_pms\":[12345678901234567890123]}}",
            400, "placement.not_pms is beyond"
        ),
        ("POST", "/v1/placements:dry-run", #"{"instance_type":1,"policy":"best"}"#, 400, "spread"),
        ("POST", "/v1/placements:dry-run", #"{"instance_type":1,"policy":"pack:a=1"}"#, 400, "WEIGHER=FACTOR"),
        ("POST", "/v1/placements:dry-run", #"{"instance_type":1,"count":0}"#, 400, "count"),
        ("POST", "/v1/placements:dry-run", #"{"instance_type":1,"count":101}"#, 400, "1 to 100"),
        ("POST", "/v1/placements:dry-run", #"{"instance_type":1,"image_id":999}"#, 404, "no image 999"),
        ("POST", "/v1/placements:dry-run", "[]", 400, "the body is no"),
        (
            "POST", "/v1/placements:dry-run", #"{"instance_type":1,"placement":{"groups":{"a":"bad"}}}"#, 400,
            "affinity, anti_affinity, spread"
        ),
        ("POST", "/v1/holds", #"{"instance_type":1,"image_id":100,"expires_in_s":-1}"#, 400, "expires_in_s"),
        ("PUT", "/v1/pms/1/tags", #"{"tags":["x,y"]}"#, 400, "x,y"),
        ("PUT", "/v1/pms/1/tags", #"{"tags":"ssd"}"#, 400, "tags is no list"),
        ("GET", "/v1/pms/0", nil, 400, "number"), ("GET", "/v1/pms/7", nil, 404, "no PM 7"),
        ("GET", "/v1/jobs/7/explanation", nil, 404, "no job 7"), ("GET", "/v1/jobs/7", nil, 404, "no job 7"),
        ("GET", "/v1/jobs/7?wait=301", nil, 400, "0 to 300"), ("GET", "/v1/jobs/7?wait=-1", nil, 400, "whole number"),
        ("POST", "/v1/vms?wait=1.5", "{\(create),\"instance_type\":1}", 400, "whole number"),
        ("GET", "/v1/nothing", nil, 404, "no call"),
    ]

    @Test("Bad bodies, numbers and paths get problem documents that say what is wrong")
    func problems() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            for (method, path, body, status, word) in Self.problems {
                let answer = try await gateway.http.call(path, method: method, body: body)
                #expect(answer.status == status && answer.body.contains(word), "\(method) \(path): \(answer)")
                #expect(answer.headers["content-type"] == "application/problem+json")
                #expect(answer.headers["x-hvc-reason"]?.contains(word) == true, "\(answer)")
                let problem = try JSONDecoder().decode(Problem.self, from: Data(answer.body.utf8))
                #expect(problem.code == answer.headers["x-hvc-code"] && problem.status == status)
            }
        }
    }

    @Test("A stored field that is not what we write is an error that names it, and never an empty answer")
    func brokenRecord() async throws {
        let cases = [
            ("overcommit_cpu", "nan"), ("overcommit_ram", "inf"), ("overcommit_disk", "-1"), ("cpu", "four"),
            ("claimed_disk", "1.5"), ("load", "nan"), ("state", "upp"), ("listed", "yes"), ("measured_at", "yesterday"),
            ("address", "a b"), ("id", "2"), ("alias_of", "0"), ("vms", "x"),
        ]
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            let redis = gateway.store.redis
            for (field, value) in cases {
                let before = try await redis.send(["HGET", "hvc:pm:1", "\(field)"]).string
                _ = try await redis.send(["HSET", "hvc:pm:1", "\(field)", "\(value)"])
                let answer = try await gateway.http.call("/v1/pms/1")
                let problem = try JSONDecoder().decode(Problem.self, from: Data(answer.body.utf8))
                #expect(answer.status == 500 && problem.code == "malformed_record", "\(answer)")
                #expect(problem.detail.contains("field \(field)"), "\(answer)")
                if let before {
                    _ = try await redis.send(["HSET", "hvc:pm:1", "\(field)", "\(before)"])
                } else {
                    _ = try await redis.send(["HDEL", "hvc:pm:1", "\(field)"])
                }
            }
            #expect(try await gateway.http.call("/v1/pms/1").status == 200)
        }
    }
}
