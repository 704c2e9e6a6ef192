import Foundation
import RedisClient
import TestKit
import Testing

@Suite("A PM as a resource")
struct PMResourceTests {
    @Test("All of its record that people ask for is there", .timeLimit(.minutes(1)))
    func whole() async throws {
        try await withSimulatedFleet(1) { api, site in
            let pm = try await api.call("GET", "/v1/pms/1")
            #expect(
                pm["state"] as? String == "up" && pm["reason"] as? String == "" && pm["pool"] as? String == "default"
            )
            #expect(pm["overcommit"] as? [String: Double] == ["cpu": 1, "ram": 1, "disk": 1])
            #expect(pm["domain_type"] as? String == (try await site.field("hvc:pm:1", "domain_type")))
            for time in ["measured_at", "checked_at"] {
                #expect((pm[time] as? String)?.hasSuffix("Z") == true, "\(pm)")
            }
            #expect(pm["alias_of"] == nil && (pm["unreached_by"] as? [String: String])?.isEmpty == true)
            _ = try await site.redis.send(["HSET", "hvc:pm:1:unreached", "w2", "2026-01-01T00:00:00.000Z ssh: no"])
            let noted = try await api.call("GET", "/v1/pms/1")
            #expect(noted["unreached_by"] as? [String: String] == ["w2": "2026-01-01T00:00:00.000Z ssh: no"])
        }
    }
}
