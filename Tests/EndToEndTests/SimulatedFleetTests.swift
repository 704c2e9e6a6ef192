import Foundation
import RedisClient
import TestKit
import Testing

@Suite("Gateway and workers on a simulated fleet")
struct SimulatedFleetTests {
    /// How many creates.
    private let count = 300
    /// How many calls at once.
    private let width = 32

    @Test(
        "300 creates on 200 PMs of which some fail go elsewhere, all agree in the end, and destroys leave nothing",
        .timeLimit(.minutes(2))
    )
    func failures() async throws {
        try await withFleet("simulated:200,seed=7,latency_ms=1,failures=0.02") { site, workers in
            try await site.waitUntilAllUp(200)
            let vms = try await calls(1...count, site) { "/vm/create?name=vm\($0)&instance_type=1&image_id=100" }
                .map { try JSONDecoder().decode(CreateAnswer.self, from: Data($0.utf8)).vmid }
            #expect(Set(vms).count == count && vms.allSatisfy { $0 > 0 })
            try await expectWell(site)
            try await expectRetries(site)
            let homes = try await homes(of: vms, site)
            #expect(homes.count > 100, "the fleet is used evenly: \(homes.count)")
            for worker in workers { #expect(worker.text.contains("create: done"), "both have worked") }

            let answers = try await calls(vms, site) { "/vm/destroy?vmid=\($0)" }
            #expect(answers.allSatisfy { $0 == #"{"status":1}"# })
            try await eventually("nothing to be left", deadline: .seconds(20), every: .milliseconds(100)) {
                try await site.redis.send(["KEYS", "hvc:vm:*"]).array?.isEmpty == true
            }
            try await expectWell(site)
            try await expectEmptyPMs(site)
        }
    }

    @Test(
        "What a worker that is killed held goes on elsewhere within 6 s, with the default settings",
        .timeLimit(.minutes(1))
    )
    func takeover() async throws {
        // Each operation on a PM takes a second or two, so the killed worker's jobs are under way.
        try await withFleet("simulated:4,latency_ms=1500") { site, workers in
            try await site.waitUntilAllUp(4)
            async let created = calls(1...8, site) { "/vm/create?name=vm\($0)&instance_type=1&image_id=100" }
            let jobs = (1...8).map { "hvc:job:\($0)" }
            func holders() async throws -> [String?] {
                try await site.redis.pipeline(jobs.map { ["HGET", $0, "worker"] }).map { try $0.get().string }
            }
            try await eventually("the jobs to be taken") { try await holders().allSatisfy { $0 != nil } }
            let victim = try await holders().contains("worker-1") ? "worker-1" : "worker-2"
            let held = zip(jobs, try await holders()).filter { $0.1 == victim }.map(\.0)
            workers[victim == "worker-1" ? 0 : 1].signal(SIGKILL)
            let killed = ContinuousClock.now
            try await eventually("the other worker to have them all", deadline: .seconds(20)) {
                let replies = try await site.redis.pipeline(held.map { ["HMGET", $0, "worker", "state"] })
                return try replies.allSatisfy {
                    let words = try $0.get().strings ?? []
                    return words.first != victim || words.last == "done"
                }
            }
            #expect(ContinuousClock.now - killed < .seconds(6), "\(held)")
            _ = try await created
            for job in jobs { #expect(try await site.field(job, "state") == "done") }
        }
    }

    @Test("A worker refuses what is no fleet, and a fleet beside a pm_file, and says what to write")
    func refused() async throws {
        try await withFleet("simulated:1") { site, _ in
            for (options, advice) in [
                (["--fleet", "simulated:many"], "write simulated:COUNT"),
                (["--fleet", "simulated:5,cpus=4"], "cpu="),
                (["--pm-file", "/dev/null"], "leave out HVC_PM_FILE or HVC_FLEET"),
            ] {
                let worker = try site.program("hvc-worker", options)
                let end = try await worker.waitForExit(within: .seconds(30))
                #expect(end != .status(0) && worker.text.contains(advice), "\(options): \(worker.text)")
            }
        }
    }

    // MARK: Load

    private func withFleet(
        _ fleet: String,
        _ body: (Installation, [ChildProcess]) async throws -> Void
    ) async throws {
        let folder = try TemporaryDirectory()
        try await Installation.with(
            machines: [],
            images: [try HaltImage.write(to: folder.file("halt.img"))],
            types: #""types": [{"cpu": 1, "ram": 512, "disk": 1}]"#,
            workers: 2,
            environment: ["HVC_FLEET": fleet],
            body
        )
    }

    /// Calls that must succeed, some at once; returns their bodies.
    private func calls<Numbers: Sequence<Int> & Sendable>(
        _ numbers: Numbers,
        _ site: Installation,
        _ path: @Sendable @escaping (Int) -> String
    ) async throws -> [String] {
        try await withThrowingTaskGroup(of: String.self) { group in
            var bodies: [String] = []
            for (index, number) in numbers.enumerated() {
                if index >= width, let body = try await group.next() { bodies.append(body) }
                group.addTask {
                    let answer = try await site.http.call(path(number))
                    // What a PM fails is done elsewhere or again, and the caller waits for that.
                    #expect(answer.status == 200, "\(path(number)): \(answer)")
                    return answer.body
                }
            }
            return try await group.reduce(into: bodies) { $0.append($1) }
        }
    }

    // MARK: What is expected

    private func expectWell(_ site: Installation) async throws {
        let audit = try site.program("hvc-worker", ["audit"])
        #expect(try await audit.waitForExit(within: .seconds(60)) == .status(0))
        #expect(audit.text == "all is well", "\(audit.text)")
    }

    /// Creates that a PM failed were made by another one.
    private func expectRetries(_ site: Installation) async throws {
        var retried = 0
        for job in try await site.redis.send(["KEYS", "hvc:job:*[0-9]"]).strings ?? [] {
            guard let tried = try await site.field(job, "tried"), !tried.isEmpty else { continue }
            #expect(try await site.field(job, "state") == "done", "\(job)")
            let home = try #require(try await site.field(job, "pm"))
            #expect(!tried.split(separator: ",").contains(Substring(home)), "\(job) is on \(home), which failed it")
            retried += 1
        }
        // 2 of 100 of four operations each: about 24 of 300.
        #expect((5...60).contains(retried), "\(retried)")
    }

    private func homes(of vms: [Int], _ site: Installation) async throws -> Set<String> {
        var homes: Set<String> = []
        for vm in vms {
            #expect(try await site.field("hvc:vm:\(vm)", "state") == "running")
            if let home = try await site.field("hvc:vm:\(vm)", "pm") { homes.insert(home) }
        }
        return homes
    }

    /// Of all that stood on the PMs, the images' copies are left, and what they take together.
    private func expectEmptyPMs(_ site: Installation) async throws {
        let keys = try await site.redis.send(["KEYS", "hvc:simulated:*"]).strings ?? []
        #expect(keys.count > 100)
        for key in keys {
            let fields = try await site.redis.send(["HKEYS", key]).strings ?? []
            #expect(fields.allSatisfy { $0 == "allocated" || $0.hasPrefix("volume:hvc-image-") }, "\(key): \(fields)")
        }
    }
}

extension Installation {
    /// Waits until that many PMs are up by their records.
    fileprivate func waitUntilAllUp(_ count: Int) async throws {
        try await eventually("\(count) PMs to be up", deadline: .seconds(60), every: .milliseconds(100)) {
            let states = try await redis.pipeline((1...count).map { ["HGET", "hvc:pm:\($0)", "state"] })
            return try states.allSatisfy { try $0.get().string == "up" }
        }
    }
}
