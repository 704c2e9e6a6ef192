import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("Claims that jobs hold themselves, whatever comes together")
struct JobClaimHistoryTests: JobClaimSuite {
    @Test(
        "Over any history of creates, destroys, moves and resizes, planned late, failing and left by dead workers",
        arguments: 1...12
    )
    func anyHistory(seed: Int) async throws {
        try await withVMs(0, pms: 3) { (site) async throws in
            var random = SplitMix64(seed: UInt64(seed))
            var plans: [OperationSite.Plan] = []
            var running: [ClaimedJob] = []
            for step in 1...120 {
                try await act(site, &random)
                if random.chance(60) { plans.append(try await site.plan()) }
                if random.chance(70), !plans.isEmpty {
                    running += try await site.claim(plans.remove(at: random.number(0...plans.count - 1)))
                }
                if random.chance(15), let job = random.pick(running) { try await site.loseLease(of: job.lease.job) }
                if random.chance(60), !running.isEmpty {
                    await site.run([running.remove(at: random.number(0...running.count - 1))])
                }
                if random.chance(10) { try await site.promoteDeferred() }
                try await site.expectWholeClaims("seed \(seed), step \(step)")
            }
            // All that is left comes to its end.
            await site.run(running)
            for _ in 1...200 {
                for job in try await site.store.redis.send(["ZRANGE", "hvc:leases", 0, "-1"]).strings ?? [] {
                    if let job = JobID(job) { try await site.loseLease(of: job) }
                }
                try await site.promoteDeferred()
                try await site.runNext()
            }
            #expect(try await site.findings().filter { !$0.contains("worker") } == [], "seed \(seed)")
            for pm in 1...3 {
                #expect(try await site.claims(on: pm).keys.allSatisfy { $0.hasPrefix("vm:") }, "seed \(seed)")
            }
        }
    }

    @Test("Workers that take creates, moves and resizes at once claim no more than there is")
    func concurrent() async throws {
        try await withVMs(4, pms: 2) { (site) async throws in
            for number in 1...4 {
                _ = try await site.store.enqueue("example_move", on: id(number), claiming: .secondPM(nil), request: "r")
                _ = try await site.store.enqueue(
                    "example_resize",
                    on: id(number),
                    claiming: .growth(Resources(cpu: 1, ram: 0, disk: 0)),
                    request: "r"
                )
                _ = try await site.store.enqueueCreate(name: "c", type: id(1), image: id(100), request: "r")
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...4 { group.addTask { for _ in 1...30 { try await site.runNext() } } }
                try await group.waitForAll()
            }
            try await site.expectWholeClaims()
            #expect(try await site.findings().filter { !$0.contains("worker") } == [])
            #expect(try await site.store.redis.send(["LLEN", "hvc:queue"]).int == 0)
        }
    }

    /// One request, and now and then a step that is to fail.
    private func act(_ site: OperationSite, _ random: inout SplitMix64) async throws {
        let (store, type, image) = (site.store, try id(1) as TypeID, try id(100) as ImageID)
        let vms = (try await store.redis.send(["ZRANGE", "hvc:vms", 0, "-1"]).strings ?? []).compactMap { VMID($0) }
        if random.chance(25) {
            let step = random.element(of: ["receive", "hand_over", "discard", "adjust", "confirm"])
            site.fail(step, with: random.chance(50) ? unreachable : Failure(.hypervisor, "no"))
        }
        let rule = random.pick([GroupRule.antiAffinity, .affinity, .spread])
        let groups = rule.map { ["\($0.rawValue)": $0] } ?? [:]
        do throws(Failure) {
            switch (random.number(1...10), random.pick(vms)) {
            case (1...3, _), (_, nil):
                _ = try await store.enqueueCreate(
                    name: "a",
                    type: type,
                    image: image,
                    constraints: PlacementConstraints(groups: random.chance(40) ? groups : [:]),
                    request: "r"
                )
            case (4, let vm?): _ = try await store.enqueueDestroy(vm, request: "r")
            case (5...7, let vm?):
                let pm = random.chance(50) ? PMID(random.number(1...3)) : nil
                _ = try await store.enqueue("example_move", on: vm, claiming: .secondPM(pm), request: "r")
            case (_, let vm?):
                let delta = Resources(
                    cpu: random.number(-1...2),
                    ram: 256 * random.number(-1...1),
                    disk: random.number(-1...1)
                )
                _ = try await store.enqueue("example_resize", on: vm, claiming: .growth(delta), request: "r")
            }
        } catch {
            let usual: Set<FailureCode> = [.wrongState, .unknownVM, .alreadyDestroying, .invalidRequest]
            #expect(usual.contains(error.code), "\(error)")
        }
    }
}
