import RedisClient
import TestKit
import Testing

@Suite("A worker with few descriptors")
struct DescriptorTests {
    @Test(
        "Many PMs that refuse ssh are all probed by a worker that may open 64 descriptors",
        .timeLimit(.minutes(4))
    )
    func manyRefuse() async throws {
        let machines = (1...120).map { "root@127.0.1.\($0):9" }
        try await Installation.with(
            machines: machines,
            images: [],
            types: #""types": [{"cpu": 1, "ram": 100, "disk": 1}]"#,
            workers: 0
        ) { site, _ in
            let worker = try await site.startWorker("small", descriptors: 64)
            #expect(worker.text.contains("may open 64 descriptors"))
            for pm in machines.indices.map({ $0 + 1 }) {
                try await eventually("a probe of PM \(pm)", deadline: .seconds(150), every: .milliseconds(100)) {
                    guard worker.exit == nil else { throw TestKitError("the worker died: \(worker.text.suffix(2000))") }
                    return try await site.field("hvc:pm:\(pm)", "checked_at") != nil
                }
                #expect(try await site.field("hvc:pm:\(pm)", "reason")?.contains("nothing listens") == true)
            }
            #expect(try await worker.terminate(grace: .seconds(20)) == .status(0))
        }
    }
}
