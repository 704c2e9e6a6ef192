import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("What a job claims for its VM to grow by")
struct ResizeClaimTests: JobClaimSuite {
    @Test("A VM that grows claims the difference at once and keeps it; one that shrinks gives it back at the end")
    func resizes() async throws {
        try await withVMs { (site) async throws in
            site.during("adjust") {
                #expect(try await site.claims(on: 1) == ["vm:1": oneVM, "job:2": "2,0,3"])
                try await site.expectWholeClaims()
            }
            let delta = Resources(cpu: 2, ram: -256, disk: 3)
            let job = try await resize(site, by: delta)
            try await site.runNext()
            try await expectEnd(site, job, .done, on: 1, needs: "3,256,4")
            #expect(try await site.store.vm(id(1))?.vm.needs == Resources(cpu: 3, ram: 256, disk: 4))

            site.during("adjust") {
                #expect(try await site.claims(on: 1) == ["vm:1": "3,256,4"], "nothing to claim")
                try await site.expectWholeClaims()
            }
            let smaller = try await resize(site, by: Resources(cpu: -2, ram: 0, disk: 0))
            try await site.runNext()
            try await expectEnd(site, smaller, .done, on: 1, needs: "1,256,4")
        }
    }

    @Test(
        "Where a step fails the difference is given back; where the worker dies it is kept",
        arguments: ["adjust", "confirm"]
    )
    func resizeFails(step: String) async throws {
        try await withVMs { (site) async throws in
            let job = try await resize(site, by: Resources(cpu: 2, ram: 0, disk: 0))
            site.fail(step, with: unreachable)
            try await site.runNext()
            #expect(try await site.claims(on: 1) == ["vm:1": oneVM, "job:\(job)": "2,0,0"], "it is tried again")
            try await site.promoteDeferred()
            site.fail(step, with: unreachable)
            try await site.runNext()
            try await expectEnd(site, job, .failed, on: 1)
        }
    }

    @Test("A worker that dies before, between or after the steps of a resize", arguments: 0...4)
    func resizeSurvives(begun: Int) async throws {
        try await withVMs { (site) async throws in
            let job = try await resize(site, by: Resources(cpu: 1, ram: 0, disk: 0))
            try await die(site, ClaimingExample.resize, after: begun)
            #expect(try await site.claims(on: 1) == ["vm:1": oneVM, "job:\(job)": "1,0,0"])
            try await site.runNext()
            try await expectEnd(site, job, .done, on: 1, needs: "2,512,1")
        }
    }

    @Test("What the PM has no headroom for is refused with what is missing, and what no VM can be is not accepted")
    func resizeRefused() async throws {
        try await withVMs(pms: 2) { (site) async throws in
            let job = try await resize(site, by: Resources(cpu: 4, ram: 0, disk: 0))
            try await site.runNext()
            try await expectEnd(site, job, .failed, on: 1)
            #expect(try await site.store.status(of: job)?.failure?.code == .noCapacity)
            let explanation = try await site.store.redis.send(["GET", "hvc:job:\(job):explanation"]).string
            #expect(explanation?.contains(#""nearest_miss":{"pm":1"#) == true, "\(explanation ?? "")")
            #expect(explanation?.contains("lacks 1 CPU") == true, "\(explanation ?? "")")
            let failure = await #expect(throws: Failure.self) {
                try await resize(site, by: Resources(cpu: -1, ram: 0, disk: 0))
            }
            #expect(failure?.code == .invalidRequest)
        }
    }

    @Test("A resize and a move of one VM follow each other, and the move claims the new size")
    func both() async throws {
        try await withVMs { (site) async throws in
            let grown = try await resize(site, by: Resources(cpu: 1, ram: 0, disk: 0))
            let moved = try await site.store.enqueue("example_move", on: id(1), claiming: .secondPM(nil), request: "r")
                .job
            let jobs = try await site.claim(try await site.plan())
            try await site.runNext()
            #expect(try await site.store.status(of: moved)?.state == .waiting)
            await site.run(jobs)
            try await expectEnd(site, grown, .done, on: 1, needs: "2,512,1")
            try await site.runNext()
            try await expectEnd(site, moved, .done, on: 2, needs: "2,512,1")
        }
    }
}
