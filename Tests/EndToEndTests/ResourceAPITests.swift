import API
import Client
import Foundation
import Model
import Placement
import RedisClient
import TestKit
import Testing

@Suite("The resource-style calls, with workers on simulated PMs")
struct ResourceAPITests {
    @Test("A VM is made with constraints, and its job explains its place", .timeLimit(.minutes(1)))
    func constraints() async throws {
        try await withSimulatedFleet(4) { api, _ in
            _ = try await api.call(Endpoints.setTags, SetTagsRequest(tags: ["ssd", "rack2"]), id: 3)
            let made = try await api.call(Endpoints.createVM, .vm("a", PlacementConstraints(tags: ["ssd"])))
            #expect(made.pmID == PMID(3) && made.state == "running")
            let job = try #require(made.jobID)
            let explained = try await api.call(Endpoints.explainJob, job.value)
            #expect(explained.state == "done" && explained.pmID == PMID(3))
            let explanation = try #require(explained.explanation)
            #expect(explanation.chosen == PMID(3))
            #expect(explanation.objections == ["lacks a tag that is required": 3])
            #expect(explanation.considered.count == 4 && explanation.considered[0].weights != nil)
            #expect(explanation.considered[0].filters["tags"] == "rack2,ssd")

            let nowhere = PlacementConstraints(notPMs: (1...4).compactMap { PMID($0) })
            let refused = try await api.problem { try await api.call(Endpoints.createVM, .vm("b", nowhere)) }
            #expect(refused.status == 409 && refused.code == "no_match" && refused.jobID == JobID(job.value + 1))
            #expect(refused.cause == "4 PMs: excluded by the request")
        }
    }

    @Test("VMs of an anti-affinity group that are made at once are never on one PM", .timeLimit(.minutes(1)))
    func apart() async throws {
        try await withSimulatedFleet(6, workers: 3) { api, site in
            let apart = try CreateVMRequest.vm("a", PlacementConstraints(groups: ["db": .antiAffinity]))
            let together = try CreateVMRequest.vm("a", PlacementConstraints(groups: ["db": .affinity]))
            let pms = try await withThrowingTaskGroup(of: Int?.self) { group in
                for _ in 0..<9 {
                    group.addTask {
                        do { return try await api.call(Endpoints.createVM, apart).pmID?.value } catch {
                            guard case .problem(let problem) = error as? ClientError else { throw error }
                            #expect(problem.status == 409, "\(problem)")
                            return nil
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }
            }
            #expect(pms.sorted() == [1, 2, 3, 4, 5, 6])
            #expect(try await site.field("hvc:group:db", "placed") == "6")
            let mixed = try await api.problem { try await api.call(Endpoints.createVM, together) }
            #expect(mixed.status == 409 && mixed.code == "group_conflict")
            let asked = DryRunRequest(type: try #require(TypeID(1)), placement: together.placement)
            #expect(try await api.problem { try await api.call(Endpoints.dryRun, asked) }.code == "group_conflict")
            for vm in try await site.redis.send(["ZRANGE", "hvc:vms", "0", "-1"]).strings ?? [] {
                #expect(try await site.http.call("/vm/destroy?vmid=\(vm)").body == #"{"status":1}"#)
            }
            #expect(try await site.redis.send(["EXISTS", "hvc:group:db"]).int == 0)
            let made = try await (0..<3).asyncMap { _ in try await api.call(Endpoints.createVM, together).pmID }
            let home = try #require(made[0])
            #expect(Set(made) == [home])
            _ = try await site.redis.send(["HSET", "hvc:pm:\(home)", "group:db", "7", "group:gone", "1"])
            let audit = try site.program("hvc-worker", ["audit", "--repair"])
            #expect(try await audit.waitForExit(within: .seconds(60)) == .status(0))
            #expect(audit.text.contains("its groups are not those of its VMs"), "\(audit.text)")
            #expect(try await site.field("hvc:group:db", "placed") == "3")
            try await expectWell(site)
        }
    }

    @Test(
        "A dry run and the placement that follows agree, under every policy",
        .timeLimit(.minutes(1)),
        arguments: ["seed", "spread", "pack", "random"]
    )
    func dryRun(policy: String) async throws {
        try await withSimulatedFleet(12, environment: ["HVC_POLICY": policy]) { api, _ in
            for _ in 0..<5 {
                let elsewhere = PlacementConstraints(notPMs: [2].compactMap { PMID($0) })
                let request = DryRunRequest(
                    type: try #require(TypeID(1)),
                    image: ImageID(100),
                    placement: elsewhere
                )
                let decisions = try await api.call(Endpoints.dryRun, request).decisions
                let made = try await api.call(Endpoints.createVM, .vm("a", elsewhere))
                #expect(decisions.count == 1 && decisions[0].pmID == made.pmID)
                #expect(decisions[0].explanation.policy == policy)
            }
        }
    }

    @Test(
        "A hold keeps its claim, is built in its place, ends by itself, and can be released",
        .timeLimit(.minutes(1))
    )
    func holds() async throws {
        try await withSimulatedFleet(1, ",cpu=4,ram=6000,disk=40", type: (2, 2048, 4)) { api, site in
            let first = try await api.call(Endpoints.createHold, .hold(seconds: 3600))
            #expect(first.state == "held" && first.pmID == PMID(1))
            let brief = try await api.call(Endpoints.createHold, .hold(seconds: 1)).id
            // All is held. Once the short one is over, there is room again.
            let plain = "/vm/create?name=a&instance_type=1&image_id=100"
            #expect(try await site.http.call(plain).headers["x-hvc-code"] == "no_capacity")
            try await eventually("the hold to end") {
                try await site.http.call("/v1/holds/\(brief)").status == 404
            }
            let other = try await site.http.call(plain)
            #expect(other.status == 200, "\(other)")

            let id = first.id
            #expect(try await api.call(Endpoints.readHold, id.value).pmID == PMID(1))
            let built = try await api.call(Endpoints.createVM, .built(of: id))
            #expect(built.id == id && built.state == "running")
            let job = try await api.call(Endpoints.explainJob, try #require(built.jobID).value)
            #expect(job.explanation?.chosen == PMID(1), "\(job)")
            let again = try await api.problem { try await api.call(Endpoints.createVM, .built(of: id)) }
            #expect(again.status == 404 && again.code == "unknown_hold")
            #expect(try await site.http.call("/vm/query?vmid=\(id)").body.contains(#""name":"mine""#))
            try await expectWell(site)

            #expect(try await site.http.call("/vm/destroy?vmid=\(id)").body == #"{"status":1}"#)
            let third = try await api.call(Endpoints.createHold, .hold(seconds: 3600)).id.value
            #expect(try await api.call(Endpoints.releaseHold, third).state == .gone)
            let twice = try await api.problem { try await api.call(Endpoints.releaseHold, third) }
            #expect(twice.status == 404 && twice.code == "unknown_hold")
            #expect(try await site.machine(1).vms == 1)
            #expect(try await site.redis.send(["ZCARD", "hvc:holds"]).int == 0)
            try await expectWell(site)

            // Neither a hold that nothing ends nor the end of what is none goes unseen.
            let last = try await api.call(Endpoints.createHold, .hold(seconds: 3600)).id
            let end = try await site.redis.send(["ZSCORE", "hvc:holds", "\(last)"]).string
            _ = try await site.redis.send(["DEL", "hvc:holds"])
            _ = try await site.redis.send(["ZADD", "hvc:holds", "9999999999999", "77"])
            let audit = try site.program("hvc-worker", ["audit", "--repair"])
            #expect(try await audit.waitForExit(within: .seconds(60)) == .status(0), "\(audit.text)")
            #expect(audit.text.contains("VM \(last) is held, and nothing ends it"), "\(audit.text)")
            #expect(audit.text.contains("VM 77 is no hold"), "\(audit.text)")
            #expect(try await site.redis.send(["ZRANGE", "hvc:holds", "0", "-1"]).strings == ["\(last)"])
            #expect(try await site.redis.send(["ZSCORE", "hvc:holds", "\(last)"]).string == end)
        }
    }

    @Test(
        "Capacity is counted now and with any one PM lost; a drain is shown before anything is done",
        .timeLimit(.minutes(1))
    )
    func capacity() async throws {
        try await withSimulatedFleet(3, ",cpu=8,ram=9000,disk=40", type: (2, 2048, 4)) { api, site in
            func row() async throws -> CapacityResponse.Row {
                let answer = try await api.call(Endpoints.readCapacity)
                #expect(answer.examinedPMs == 3, "\(answer)")
                return try #require(answer.types.first)
            }
            /// How many fit on each PM, by what it says is free.
            func counts() async throws -> [Int] {
                try await (1..<4).asyncMap { pm in
                    let free = try await site.machine(pm).free
                    return min(free.cpu / 2, free.ram / 2048, free.disk / 4)
                }
            }
            let empty = try await counts()
            #expect(try await row().fitsNow == empty.reduce(0, +))
            #expect(try await row().fitsWithOnePMLost == empty.reduce(0, +) - (empty.max() ?? 0))
            for _ in 0..<3 { _ = try await site.http.call("/vm/create?name=a&instance_type=1&image_id=100") }
            // A VM on each PM. That of a lost one takes room elsewhere.
            let used = try await counts()
            #expect(try await row().fitsNow == used.reduce(0, +))
            let lost = used.reduce(0, +) - (used.max() ?? 0) - 1
            #expect(try await row().fitsWithOnePMLost == lost)

            let drain = try await api.call(Endpoints.drainPM, 1, query: "dry_run=true")
            #expect(drain.isPossible && drain.moves.count == 1)
            #expect(drain.moves.allSatisfy { $0.decision.pmID == PMID(2) || $0.decision.pmID == PMID(3) })
            let real = try await api.problem { try await api.call(Endpoints.drainPM, 1) }
            #expect(real.status == 501 && real.code == "not_supported")

            for pm in [2, 3] { #expect(try await api.call(Endpoints.cordonPM, pm).isCordoned) }
            let stuck = try await api.call(Endpoints.drainPM, 1, query: "dry_run=true")
            #expect(!stuck.isPossible && "\(stuck)".contains("being emptied"), "\(stuck)")
            #expect(try await row().fitsNow == used[0])
            let unsafe = try await row()
            #expect(unsafe.vmsWithoutPlace == 1 && unsafe.fitsWithOnePMLost == 0)
            for pm in [2, 3] { _ = try await api.call(Endpoints.uncordonPM, pm) }
            #expect(try await row().fitsNow == used.reduce(0, +))
        }
    }

    @Test("A hold that is given back while it is built goes one way or the other", .timeLimit(.minutes(1)))
    func holdRace() async throws {
        try await withSimulatedFleet(2) { api, site in
            var outcomes: [[Int]] = []
            for _ in 0..<40 {
                let id = try await api.call(Endpoints.createHold, .hold(seconds: 600)).id
                let body = String(decoding: try JSONEncoder().encode(CreateVMRequest.built(of: id)), as: UTF8.self)
                async let built = site.http.call("/v1/vms?wait=60", method: "POST", body: body)
                async let released = site.http.call("/v1/holds/\(id)?wait=60", method: "DELETE")
                let statuses = [try await built.status, try await released.status]
                outcomes.append(statuses)
                #expect([[201, 404], [404, 200]].contains(statuses), "hold \(id)")
                let isThere = try await site.http.call("/vm/query?vmid=\(id)").status == 200
                #expect(isThere == (statuses[0] == 201), "hold \(id)")
                if isThere { _ = try await site.http.call("/vm/destroy?vmid=\(id)") }
            }
            try await expectWell(site)
        }
    }

    @Test("A place that is refused again and again is reported, and the worker rests", .timeLimit(.minutes(1)))
    func refusedPlace() async throws {
        try await withSimulatedFleet(1, workers: 0) { api, site in
            let worker = try await site.startWorker("w")
            try await site.waitUntilUp(1)
            // As nothing but a hand makes it: the group counts a VM that is on no PM.
            _ = try await site.redis.send(["HSET", "hvc:group:z", "rule", "affinity", "members", "1", "placed", "1"])
            async let made = api.call(Endpoints.createVM, .vm("a", PlacementConstraints(groups: ["z": .affinity])))
            try await eventually("the worker to report it") { worker.text.contains("run hvc-worker audit") }
            let audit = try site.program("hvc-worker", ["audit", "--repair"])
            #expect(try await audit.waitForExit(within: .seconds(60)) == .status(0))
            #expect(audit.text.contains("hvc:group:z: its counts are not those of its VMs"), "\(audit.text)")
            #expect(try await made.state == "running")
        }
    }

    private func expectWell(_ site: Installation) async throws {
        let audit = try site.program("hvc-worker", ["audit"])
        #expect(try await audit.waitForExit(within: .seconds(60)) == .status(0))
        #expect(audit.text.contains("all is well"), "\(audit.text)")
    }
}

extension Range<Int> {
    fileprivate func asyncMap<Value>(_ transform: (Int) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for number in self { values.append(try await transform(number)) }
        return values
    }
}
