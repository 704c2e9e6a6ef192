import TestKit
import Testing

@Suite("The logs of an outage")
struct OutageLogTests {
    @Test(
        "A Redis that is away for seconds is two lines in the log of each program, and all goes on",
        .timeLimit(.minutes(2))
    )
    func fewLines() async throws {
        try await withSimulatedFleet(1, workers: 0, environment: ["HVC_LOG_LEVEL": "debug"]) { api, site in
            let worker = try await site.startWorker("w")
            try await site.waitUntilUp(1)
            #expect(try await site.http.call("/vm/create?name=a&instance_type=1&image_id=100").status == 200)
            let before = [site.gateway, worker].map(\.lines.count)
            try await site.redisServer.kill9()
            for process in [site.gateway, worker] { try await process.waitForLine(containing: "Redis is away") }
            // Each call that fails meanwhile is a line for those who debug.
            for (process, count) in zip([site.gateway, worker], before) {
                try await eventually("calls to fail") {
                    process.lines.dropFirst(count).count { $0.text.contains("store_unavailable") } >= 5
                }
            }
            try await site.redisServer.start()
            for process in [site.gateway, worker] {
                let line = try await process.waitForLine(containing: "Redis is back", within: .seconds(30))
                #expect(line.contains("away_s="))
            }
            #expect(try await site.http.call("/vm/create?name=b&instance_type=1&image_id=100").status == 200)
            for (process, count) in zip([site.gateway, worker], before) {
                let lines = process.lines.dropFirst(count).map(\.text).filter {
                    !$0.contains(" debug ") && !$0.contains("/vm/create") && !$0.contains("create: ")
                }
                #expect(lines.count <= 3, "\(lines)")
            }
        }
    }
}
