import Foundation
import RedisClient
import TestKit
import Testing

@Suite("Workers and Redis that come and go under load")
struct LoadFaultTests {
    private let types = #""types": [{"cpu": 1, "ram": 64, "disk": 1}]"#
    private let settings = " overcommit_cpu=50 overcommit_ram=10 overcommit_disk=10"

    @Test(
        "1, then 8, then 1 worker: every job ends, creates begin in the order of their numbers",
        .timeLimit(.minutes(4))
    )
    func moreAndFewer() async throws {
        try await withSite(workers: 1, environment: ["HVC_SLOTS": "2"]) { site, _, workers in
            async let load: Void = pairs(60, atOnce: 12, site)
            try await waitForEnds(20, site)
            var more: [ChildProcess] = []
            for number in 2...8 { more.append(try await site.startWorker("worker-\(number)")) }
            try await waitForEnds(60, site)
            for worker in more + workers { worker.signal(SIGTERM) }
            _ = try await site.startWorker("worker-9")
            for worker in more + workers { #expect(try await worker.waitForExit(within: .seconds(60)) == .status(0)) }
            try await load
            try await expectNothingLeft(site)
            try await expectOrder(site)
        }
    }

    @Test(
        "redis-server is killed under load and comes back on its files: nothing acknowledged is lost",
        .timeLimit(.minutes(4))
    )
    func redisKilled() async throws {
        try await withSite(workers: 2, environment: ["HVC_LEASE": "3"]) { site, _, _ in
            let stay = try await made("stays", site)
            async let load: Void = pairs(40, atOnce: 8, site)
            for ends in [10, 30, 50] {
                try await waitForEnds(ends, site)
                try await site.redisServer.restart()
            }
            try await load
            #expect(try await site.field("hvc:vm:\(stay)", "state") == "running")
            // Creates whose answer was lost with the connection are VMs all the same.
            for vm in try await site.redis.send(["ZRANGE", "hvc:vms", "0", "-1"]).strings ?? [] {
                try await destroyed(vm, site)
            }
            try await expectNothingLeft(site)
            try await expectOrder(site)
        }
    }

    @Test(
        "A worker that is stopped with jobs under way ends in time, and another one finishes them",
        .timeLimit(.minutes(2))
    )
    func stopped() async throws {
        try await withSite(workers: 1, environment: ["HVC_GRACE": "1"]) { site, machine, workers in
            // Its libvirt stands still, so that the jobs are under way.
            try machine.signal(SIGSTOP)
            async let created = made("a", site)
            async let other = made("b", site)
            try await eventually("both jobs to be taken") {
                let leases = try await site.redis.send(["ZCARD", "hvc:leases"]).int
                guard leases != 2 else { return true }
                let queue = try await site.redis.send(["LRANGE", "hvc:queue", "0", "-1"]).strings ?? []
                let happened = try await events(site).map { $0["type"] ?? "" }
                throw TestKitError("\(leases ?? 0) leases, queue \(queue), events \(happened)")
            }
            workers[0].signal(SIGTERM)
            _ = try await site.startWorker("worker-2")
            #expect(try await workers[0].waitForExit(within: .seconds(30)) == .status(0))
            try machine.signal(SIGCONT)
            let vms = try await [created, other]
            #expect(Set(vms).count == 2)
            for job in [1, 2] {
                #expect(try await site.field("hvc:job:\(job)", "worker") == "worker-2")
                #expect(try await site.field("hvc:job:\(job)", "crashes") ?? "0" == "0")
            }
            for vm in vms { try await destroyed(vm, site) }
            try await expectNothingLeft(site)
        }
    }

    @Test(
        "A worker that was frozen past its lease does nothing more for its job, on the PM or in the records",
        .timeLimit(.minutes(2))
    )
    func frozen() async throws {
        try await withSite(workers: 1, environment: ["HVC_LEASE": "2"]) { site, machine, workers in
            try machine.signal(SIGSTOP)
            async let created = made("a", site)
            try await eventually("the job to be taken") { try await site.field("hvc:job:1", "worker") == "worker-1" }
            workers[0].signal(SIGSTOP)
            try machine.signal(SIGCONT)
            _ = try await site.startWorker("worker-2")
            let vm = try await created
            #expect(try await site.field("hvc:job:1", "worker") == "worker-2")
            try await destroyed(vm, site)
            workers[0].signal(SIGCONT)
            _ = try await workers[0].waitForLine("word that the job is not its own", within: .seconds(30)) { line in
                line.text.contains("no longer ours")
            }
            // What it still had to do, it did not: it works on as if it had never had the job.
            try await destroyed(try await made("b", site), site)
            try await expectNothingLeft(site)
            #expect(try await !machine.virsh("-c", machine.testURI, "list", "--all", "--name").contains("hvc-"))
        }
    }

    @Test(
        "Workers whose clocks are ten minutes off, one of them killed: no job is taken early, late or twice",
        .timeLimit(.minutes(4))
    )
    func clocksOff() async throws {
        let clock = try await ShiftedClock()
        try await withSite(workers: 0, environment: ["HVC_LEASE": "3"]) { site, _, _ in
            let start = Date()
            let ahead = try await site.startWorker("ahead", environment: clock.environment(off: 600))
            let behind = try await site.startWorker("behind", environment: clock.environment(off: -600))
            #expect(clockSkew(of: ahead) > 500 && clockSkew(of: behind) < -500, "\(ahead.text)")
            try await site.waitUntilUp(1)
            async let load: Void = pairs(40, atOnce: 8, site)
            try await waitForEnds(20, site)
            for job in 1...8 { #expect(try await site.field("hvc:job:\(job)", "crashes") ?? "0" == "0") }
            _ = try await ahead.kill()
            try await load
            try await expectNothingLeft(site)
            try await expectOrder(site)
            for key in ["hvc:job:1", "hvc:job:40"] {
                for field in ["accepted_at", "started_at", "finished_at"] {
                    let text = try #require(try await site.field(key, field))
                    let time = try Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
                    #expect(
                        (start.addingTimeInterval(-1)...Date().addingTimeInterval(1)).contains(time),
                        "\(key) \(field)"
                    )
                }
            }
        }
    }

    /// By how many seconds a worker's log lines are ahead.
    private func clockSkew(of worker: ChildProcess) -> TimeInterval {
        let stamp = worker.text.prefix(19) + "Z"
        guard let time = try? Date(stamp, strategy: .iso8601) else { return 0 }
        return time.timeIntervalSinceNow
    }

    // MARK: Load

    private func withSite(
        workers: Int,
        environment: [String: String],
        _ body: (Installation, PrivateLibvirtd, [ChildProcess]) async throws -> Void
    ) async throws {
        let folder = try TemporaryDirectory()
        let machine = try await PrivateLibvirtd.started()
        try await Installation.with(
            machines: [machine.testURI + settings],
            images: [try HaltImage.write(to: folder.file("halt.img"))],
            types: types,
            workers: workers,
            environment: environment
        ) { site, processes in
            if workers > 0 { try await site.waitUntilUp(1) }
            try await body(site, machine, processes)
        }
        try await machine.stop()
    }

    /// Makes and destroys VMs, each until that is acknowledged.
    private func pairs(_ count: Int, atOnce width: Int, _ site: Installation) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...count {
                if number > width { try await group.next() }
                group.addTask { try await destroyed(try await made("vm\(number)", site), site) }
            }
            try await group.waitForAll()
        }
    }

    /// Asks for a VM until one is acknowledged, and expects that it is known.
    private func made(_ name: String, _ site: Installation) async throws -> String {
        let answer = try await acknowledged("/vm/create?name=\(name)&instance_type=1&image_id=100", site)
        let vm = try JSONDecoder().decode(CreateAnswer.self, from: Data(answer.body.utf8)).vmid
        guard vm > 0 else { throw TestKitError("\(answer)") }
        let query = try await acknowledged("/vm/query?vmid=\(vm)", site)
        #expect(query.body != "0", "VM \(vm) was acknowledged and is not known")
        return "\(vm)"
    }

    /// Asks for the end of a VM until it is acknowledged; after a lost answer it may be gone already, or go.
    private func destroyed(_ vm: String, _ site: Installation) async throws {
        let answer = try await acknowledged("/vm/destroy?vmid=\(vm)", site)
        let code = answer.headers["x-hvc-code"] ?? ""
        #expect(answer.status < 300 || ["unknown_vm", "already_destroying"].contains(code), "\(answer)")
    }

    /// Repeats a call for as long as Redis is away, or its answer was lost.
    private func acknowledged(_ path: String, _ site: Installation) async throws -> HTTPAnswer {
        while true {
            let answer = try await site.http.call(path)
            let isLost = answer.status == 503 || answer.headers["x-hvc-code"] == "outcome_unknown"
            guard isLost else { return answer }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    // MARK: What is expected

    private func waitForEnds(_ count: Int, _ site: Installation) async throws {
        try await eventually("\(count) jobs to have ended", deadline: .seconds(120), every: .milliseconds(20)) {
            try await events(site).count { $0["type"] == "job.finished" } >= count
        }
    }

    private func events(_ site: Installation) async throws -> [[String: String]] {
        let entries = try await site.redis.send(["XRANGE", "hvc:events", "-", "+"]).array ?? []
        return entries.compactMap { entry in
            guard let words = entry.array?.last?.strings else { return nil }
            let pairs = stride(from: 0, to: words.count - 1, by: 2).map { (words[$0], words[$0 + 1]) }
            return Dictionary(pairs) { first, _ in first }
        }
    }

    /// Creates were taken for the first time in the order of their numbers, and no two jobs of a VM at once.
    private func expectOrder(_ site: Installation) async throws {
        var seen: Set<String> = []
        var last = 0
        var underWay: [String: String] = [:]
        for event in try await events(site) {
            guard let job = event["job"], let number = Int(job), let vm = event["vm"] else { continue }
            if event["type"] == "job.started" {
                if event["kind"] == "create", seen.insert(job).inserted {
                    #expect(number > last, "create \(number) was taken after \(last)")
                    last = number
                }
                #expect(underWay[vm, default: job] == job, "jobs \(job) and \(underWay[vm] ?? "") of VM \(vm) at once")
                underWay[vm] = job
            } else if underWay[vm] == job {
                underWay[vm] = nil
            }
        }
        #expect(seen.count >= 40)
    }

    private func expectNothingLeft(_ site: Installation) async throws {
        try await eventually("nothing to be left", deadline: .seconds(60), every: .milliseconds(100)) {
            for pattern in [
                "hvc:vm:*", "hvc:processing:*", "hvc:leases", "hvc:queue*", "hvc:delayed", "hvc:pm:1:claims",
            ] {
                let keys = try await site.redis.send(["KEYS", pattern]).strings ?? []
                guard keys.isEmpty else { throw TestKitError("there are \(keys)") }
            }
            return true
        }
        for field in ["vms", "claimed_cpu", "claimed_ram", "claimed_disk"] {
            #expect(try await site.field("hvc:pm:1", field) ?? "0" == "0", "\(field)")
        }
    }
}
