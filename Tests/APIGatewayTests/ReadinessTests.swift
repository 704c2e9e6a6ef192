import Foundation
import RedisClient
import Store
import TestKit
import Testing

@Suite("Whether the gateway is ready")
struct ReadinessTests {
    /// Waits until `/readyz` says so, and not ready with 503 and a code.
    private func wait(
        for status: String,
        _ call: (String) async throws -> HTTPAnswer
    ) async throws -> HTTPAnswer {
        let body = "{\"status\":\"\(status)\"}"
        try await eventually("/readyz to say \(status)", deadline: .seconds(20)) {
            try await call("/readyz").body == body
        }
        let answer = try await call("/readyz")
        #expect(answer.status == (status == "ready" ? 200 : 503) && answer.body == body, "\(answer)")
        return answer
    }

    @Test("Not while no worker is alive for a lease, counted from the gateway's start")
    func workers() async throws {
        try await LiveGateway.with { (gateway) async throws in
            // The lease of the last worker, long gone; the gateway knows it from the first answer on.
            try await gateway.announceWorker(lease: .milliseconds(300))
            let answer = try await wait(for: "no worker is alive") { try await gateway.http.call($0) }
            #expect(answer.headers["x-hvc-code"] == "no_worker" && answer.headers["retry-after"] != nil)
            try await gateway.announceWorker(lease: .seconds(600))
            _ = try await wait(for: "ready") { try await gateway.http.call($0) }
            try await gateway.process.waitForLine(containing: "readiness: ready")
        }
        // Workers have a lease to come.
        try await LiveGateway.with { (gateway) async throws in
            #expect(try await gateway.http.call("/readyz").status == 200)
        }
    }

    @Test("Not while Redis takes no writes: a replica, too few of them, or unable to write to its disk")
    func writes() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.announceWorker(lease: .seconds(600))
            let redis = gateway.store.redis
            let faults: [(break: RedisCommand, repair: RedisCommand)] = [
                (["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"]),
                (["CONFIG", "SET", "min-replicas-to-write", "1"], ["CONFIG", "SET", "min-replicas-to-write", "0"]),
            ]
            for (fault, cure) in faults {
                _ = try await redis.send(fault)
                let answer = try await wait(for: "redis takes no writes") { try await gateway.http.call($0) }
                #expect(answer.headers["x-hvc-code"] == "store_unavailable")
                _ = try await redis.send(cure)
                _ = try await wait(for: "ready") { try await gateway.http.call($0) }
            }
            // A snapshot that fails, since its folder is gone.
            try FileManager.default.removeItem(atPath: gateway.server.directory.path)
            _ = try await redis.send(["CONFIG", "SET", "save", "3600 1"])
            _ = try await redis.send(["BGSAVE"])
            _ = try await wait(for: "redis takes no writes") { try await gateway.http.call($0) }
            _ = try await redis.send(["CONFIG", "SET", "save", ""])
            _ = try await wait(for: "ready") { try await gateway.http.call($0) }
        }
    }

    @Test("However many ask, Redis is asked once a second, and nothing is written")
    func isCheap() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.announceWorker(lease: .seconds(600))
            let redis = gateway.store.redis
            func count(_ part: String) async throws -> Int {
                let info = try await redis.send(["INFO", "commandstats"]).string ?? ""
                let line = info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_\(part):calls=") }
                return line?.split(separator: "=").dropFirst().first.flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
            }
            func changes() async throws -> String? {
                let info = try await redis.send(["INFO", "persistence"]).string ?? ""
                return info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("rdb_changes_since") }.map(
                    String.init
                )
            }
            let (before, changed, start) = (try await count("zadd"), try await changes(), ContinuousClock.now)
            for _ in 0..<40 { #expect(try await gateway.http.call("/readyz").status == 200) }
            let seconds = Int((ContinuousClock.now - start) / .seconds(1))
            #expect(try await count("zadd") - before <= seconds + 2)
            #expect(try await changes() == changed)
        }
    }

    @Test("No answer says where Redis is or who its user is; the log has it")
    func tellsNothing() async throws {
        let environment = ["HVC_REDIS_URL": "redis://operator:pw@127.0.0.1:1/0"]
        try await LiveGateway.with(environment) { (gateway) async throws in
            for path in ["/readyz", "/vm/types", "/vm/create?name=a&instance_type=1&image_id=100", "/v1/vms/1"] {
                let answer = try await gateway.http.call(path, headers: ["X-Request-Id": "asked"])
                #expect(answer.status == 503 && answer.headers["retry-after"] != nil, "\(answer)")
                for secret in ["operator", "127.0.0.1", ":1/", "errno", "pw"] {
                    #expect(!"\(answer)".contains(secret), "\(path): \(answer)")
                }
                #expect(answer.headers["x-hvc-cause"] == nil)
            }
            let line = try await gateway.process.waitForLine(containing: "/vm/types status=503")
            #expect(line.contains("cause=") && line.contains("127.0.0.1:1"))
            #expect(!gateway.process.text.contains(":pw@"))
        }
    }
}
