import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("A second PM that a job claims for its VM")
struct SecondPMTests: JobClaimSuite {
    @Test("While a VM moves both PMs hold what it needs; then the second one is its PM and the first is released")
    func moves() async throws {
        try await withVMs { (site) async throws in
            site.during("receive") {
                #expect(try await site.claims(on: 1) == ["vm:1": oneVM])
                #expect(try await site.claims(on: 2) == ["job:2": oneVM])
                #expect(try await site.store.vm(id(1))?.pm == id(1))
                #expect(try await site.store.claimants(on: id(2)).count == 1, "its domain there is none of others")
                try await site.expectWholeClaims()
            }
            let job = try await site.store.enqueue("example_move", on: id(1), claiming: .secondPM(nil), request: "r")
                .job
            try await site.runNext()
            #expect(site.done == ["receive", "hand_over"])
            try await expectEnd(site, job, .done, on: 2)
            #expect(try await site.store.steps(of: job).values.allSatisfy { try $0.pm == id(2) })
        }
    }

    @Test("Where it fails before anything was made, another PM is asked, and then none: the VM stays as it was")
    func movesElsewhere() async throws {
        try await withVMs(pms: 3) { (site) async throws in
            let job = try await site.store.enqueue("example_move", on: id(1), claiming: .secondPM(nil), request: "r")
                .job
            site.fail("receive", with: unreachable)
            try await site.runNext()
            for pm in 2...3 { #expect(try await site.claims(on: pm).isEmpty) }
            #expect(try await site.store.vm(id(1))?.state == .running)
            try await site.runNext()
            try await expectEnd(site, job, .done, on: 3)

            let again = try await site.store.enqueue("example_move", on: id(1), claiming: .secondPM(nil), request: "r")
                .job
            site.fail("receive", with: unreachable)
            site.fail("receive", with: unreachable)
            for _ in 1...3 { try await site.runNext() }
            try await expectEnd(site, again, .failed, on: 3)
        }
    }

    @Test("Where a later step fails, what was made is undone on the second PM before its claim is released")
    func undoes() async throws {
        try await withVMs { (site) async throws in
            let job = try await site.store.enqueue("example_move", on: id(1), claiming: .secondPM(nil), request: "r")
                .job
            site.fail("hand_over", with: Failure(.hypervisor, "no"))
            site.fail("discard", with: unreachable)
            try await site.runNext()
            // Something may be left there: the claim is kept for as long.
            #expect(try await site.claims(on: 2) == ["job:\(job)": oneVM])
            try await site.expectWholeClaims()
            site.fail("hand_over", with: Failure(.internalFault, "no"))
            try await site.promoteDeferred()
            try await site.runNext()
            #expect(site.done.last == "discard")
            try await expectEnd(site, job, .failed, on: 1)
        }
    }

    @Test(
        "A worker that dies before, between or after the steps leaves one claim, and the next one goes on",
        arguments: 0...4
    )
    func workerDies(begun: Int) async throws {
        try await withVMs { (site) async throws in
            let job = try await site.store.enqueue("example_move", on: id(1), claiming: .secondPM(nil), request: "r")
                .job
            try await die(site, ClaimingExample.move, after: begun)
            #expect(try await site.claims(on: 2) == ["job:\(job)": oneVM])
            try await site.expectWholeClaims()
            try await site.runNext()
            try await expectEnd(site, job, .done, on: 2)
        }
    }

    @Test("A job that ends its workers is given up, and leaves no claim")
    func givenUp() async throws {
        try await withVMs { (site) async throws in
            let job = try await site.store.enqueue("example_move", on: id(1), claiming: .secondPM(nil), request: "r")
                .job
            for _ in 1...3 {
                _ = try await site.claim(try await site.plan())
                _ = try await site.store.redis.send(["ZADD", "hvc:leases", "XX", 1, job.value])
                _ = try await site.store.sweep()
            }
            try await expectEnd(site, job, .dead, on: 1)
        }
    }

    @Test("It goes nowhere but where there is headroom, by the constraints of the VM, and never to its own PM")
    func noSecondPM() async throws {
        try await withVMs(2, pms: 2) { (site) async throws in
            // VM 1 is on PM 1 and VM 2 on PM 2, which both have 4 CPUs.
            for _ in 1...3 { try await create(site, constraints: PlacementConstraints(pm: id(2))) }
            let job = try await site.store.enqueue("example_move", on: id(1), claiming: .secondPM(nil), request: "r")
                .job
            try await site.runNext()
            try await expectEnd(site, job, .failed, on: 1)
            #expect(try await site.store.status(of: job)?.failure?.code == .noCapacity)
            let explanation = try await site.store.redis.send(["GET", "hvc:job:\(job):explanation"]).string
            #expect(explanation?.contains(#""nearest_miss":{"pm":2"#) == true, "\(explanation ?? "")")

            let here = try await site.store.enqueue("example_move", on: id(1), claiming: .secondPM(id(1)), request: "r")
                .job
            try await site.runNext()
            try await expectEnd(site, here, .failed, on: 1)
        }
    }

    @Test("While a member of an anti-affinity group moves, no other comes to either of its PMs")
    func groups() async throws {
        try await withVMs(0, pms: 3) { (site) async throws in
            let apart = PlacementConstraints(groups: ["a": .antiAffinity])
            try await create(site, constraints: apart)
            let second = try await site.store.enqueue("example_move", on: id(1), claiming: .secondPM(nil), request: "r")
                .job
            let jobs = try await site.claim(try await site.plan())
            try await site.expectWholeClaims()
            try await create(site, constraints: apart)
            #expect(try await site.store.vm(id(2))?.pm == id(3))
            await site.run(jobs)
            try await expectEnd(site, second, .done, on: 2)
            try await create(site, constraints: apart)
            #expect(try await site.store.vm(id(3))?.pm == id(1))
        }
    }

    @Test("The only member of an affinity group moves; one of several goes where the others are")
    func affinity() async throws {
        try await withVMs(0, pms: 3) { (site) async throws in
            let together = PlacementConstraints(groups: ["a": .affinity])
            try await create(site, constraints: together)
            let job = try await site.store.enqueue("example_move", on: id(1), claiming: .secondPM(id(2)), request: "r")
                .job
            try await site.runNext()
            try await expectEnd(site, job, .done, on: 2)
            try await create(site, constraints: together)
            #expect(try await site.store.vm(id(2))?.pm == id(2))
            let away = try await site.store.enqueue("example_move", on: id(2), claiming: .secondPM(id(3)), request: "r")
                .job
            try await site.runNext()
            #expect(try await site.store.status(of: away)?.failure?.code == .noMatch)
        }
    }

    @Test("Where the second PM turns out to be the first one's machine, one claim is left")
    func alias() async throws {
        try await withVMs { (site) async throws in
            let job = try await site.store.enqueue("example_move", on: id(1), claiming: .secondPM(nil), request: "r")
                .job
            let jobs = try await site.claim(try await site.plan())
            _ = try await site.store.identify(id(1), as: "u/b/m")
            _ = try await site.store.identify(id(2), as: "u/b/m")
            #expect(try await site.claims(on: 1) == ["vm:1": oneVM, "job:\(job)": oneVM])
            #expect(try await site.claims(on: 2).isEmpty)
            try await site.expectWholeClaims()
            await site.run(jobs)
            try await expectEnd(site, job, .done, on: 1)
        }
    }

    @Test("A claim that was lost, or is left, is found by an audit, and repaired from the records")
    func repaired() async throws {
        try await withVMs { (site) async throws in
            let redis = site.store.redis
            let job = try await site.store.enqueue("example_move", on: id(1), claiming: .secondPM(nil), request: "r")
                .job
            let jobs = try await site.claim(try await site.plan())
            _ = try await redis.send(["DEL", "hvc:pm:2:claims"])
            #expect(try await site.findings().contains { $0.contains("job \(job) claims capacity there") })
            #expect(try await site.store.repairClaims(of: id(2)))
            #expect(try await site.claims(on: 2) == ["job:\(job)": oneVM])
            try await site.expectWholeClaims()
            await site.run(jobs)
            try await expectEnd(site, job, .done, on: 2)

            _ = try await redis.send(["HSET", "hvc:pm:1:claims", "job:\(job)", oneVM])
            #expect(try await site.findings().contains { $0.contains("job \(job) has a claim and is not under way") })
            #expect(try await site.store.repairClaims(of: id(1)))
            #expect(try await site.claims(on: 1).isEmpty)
            try await site.expectWholeClaims()
        }
    }
}
