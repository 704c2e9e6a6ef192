import RedisClient
import Store
import TestKit
import Testing

@Suite("What is refused before anything is accepted")
struct AdmissionTests {
    private static let create = "/vm/create?name=a&instance_type=1&image_id=100"

    /// Creates and holds get 503 with this code and Retry-After, by the original calls and by those of /v1.
    private func expectRefusal(_ code: String, _ gateway: InProcessGateway) async throws {
        let original = try await gateway.http.call(Self.create)
        #expect(original.status == 503 && original.body == #"{"vmid":0}"#, "\(original)")
        #expect(original.headers["x-hvc-code"] == code && original.headers["retry-after"] != nil)
        let calls = [
            ("/v1/vms", #"{"name":"a","instance_type":1,"image_id":100}"#),
            ("/v1/holds", #"{"instance_type":1,"image_id":100,"expires_in_s":60}"#),
        ]
        for (path, body) in calls {
            let answer = try await gateway.http.call(path, method: "POST", body: body)
            #expect(answer.status == 503 && answer.body.contains(code), "\(answer)")
            #expect(answer.headers["retry-after"] != nil)
        }
    }

    @Test("As many jobs are queued as there may be: creates and holds are refused, destroys are not")
    func queueFull() async throws {
        try await InProcessGateway.with(["HVC_QUEUE_LIMIT": "2", "HVC_WAIT": "0"]) { (gateway) async throws in
            try await gateway.fill()
            for _ in 0..<2 { #expect(try await gateway.http.call(Self.create).status == 202) }
            try await expectRefusal("queue_full", gateway)
            #expect(try await gateway.http.call("/vm/destroy?vmid=1").status == 202)
            for _ in 0..<2 { try await gateway.work() }
            #expect(try await gateway.http.call(Self.create).status == 202)
        }
    }

    @Test("Redis' memory is full: creates and holds are refused, destroys are not, and the gateway is ready")
    func storeFull() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "0"]) { (gateway) async throws in
            try await gateway.announceWorker(lease: .seconds(600))
            try await gateway.fill()
            #expect(try await gateway.http.call(Self.create).status == 202)
            _ = try await gateway.store.redis.send(["CONFIG", "SET", "maxmemory", "1"])
            try await expectRefusal("store_full", gateway)
            #expect(try await gateway.http.call("/readyz").status == 200)
            #expect(try await gateway.http.call("/vm/destroy?vmid=1").status == 202)
            for _ in 0..<2 { try await gateway.work() }
            #expect(try await gateway.http.call("/vm/query?vmid=1").body == "0")
            _ = try await gateway.store.redis.send(["CONFIG", "SET", "maxmemory", "0"])
            try await eventually("creates to be accepted") {
                try await gateway.http.call(Self.create).status == 202
            }
        }
    }
}
