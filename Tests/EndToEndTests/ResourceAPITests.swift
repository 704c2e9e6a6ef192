import Foundation
import RedisClient
import TestKit
import Testing

@Suite("The resource-style calls, with workers on simulated PMs")
struct ResourceAPITests {
    @Test("A VM is made with constraints, and its job explains its place", .timeLimit(.minutes(1)))
    func constraints() async throws {
        try await withSimulatedFleet(4) { api, _ in
            _ = try await api.call("PUT", "/v1/pms/3/tags", #"{"tags":["ssd","rack2"]}"#)
            let wish = #"{"name":"a","instance_type":1,"image_id":100,"placement":{"tags":["ssd"]}}"#
            let made = try await api.call("POST", "/v1/vms", wish, 201)
            #expect(made["pm_id"] as? Int == 3 && made["state"] as? String == "running")
            let job = try #require(made["job_id"] as? Int)
            let told = try await api.call("GET", "/v1/jobs/\(job)/explanation")
            #expect(told["state"] as? String == "done" && told["pm_id"] as? Int == 3)
            let explanation = try #require(told["explanation"] as? [String: Any])
            #expect(explanation["chosen"] as? Int == 3)
            #expect(explanation["objections"] as? [String: Int] == ["lacks a tag that is required": 3])
            let considered = try #require(explanation["considered"] as? [[String: Any]])
            #expect(considered.count == 4 && considered[0]["weights"] != nil)
            #expect((considered[0]["filters"] as? [String: String])?["tags"] == "rack2,ssd")

            let none = #"{"name":"b","instance_type":1,"image_id":100,"placement":{"not_pms":[1,2,3,4]}}"#
            let refused = try await api.call("POST", "/v1/vms", none, 409)
            #expect(refused["code"] as? String == "no_match" && refused["job_id"] as? Int == job + 1)
            #expect(refused["cause"] as? String == "4 PMs: excluded by the request")
        }
    }

    @Test("VMs of an anti-affinity group that are made at once are never on one PM", .timeLimit(.minutes(1)))
    func apart() async throws {
        try await withSimulatedFleet(6, workers: 3) { api, site in
            let wish = #"{"name":"a","instance_type":1,"image_id":100,"placement":{"groups":{"db":"anti_affinity"}}}"#
            let pms = try await withThrowingTaskGroup(of: Int?.self) { group in
                for _ in 0..<9 {
                    group.addTask {
                        let answer = try await api.answer("POST", "/v1/vms", wish)
                        guard answer.status == 201 else {
                            #expect(answer.status == 409, "\(answer)")
                            return nil
                        }
                        return try JSONDecoder().decode(Made.self, from: Data(answer.body.utf8)).machine
                    }
                }
                return try await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }
            }
            #expect(pms.sorted() == [1, 2, 3, 4, 5, 6])
            #expect(try await site.field("hvc:group:db", "placed") == "6")
            let other = wish.replacing("anti_affinity", with: "affinity")
            #expect(try await api.call("POST", "/v1/vms", other, 409)["code"] as? String == "group_conflict")
            let asked = #"{"instance_type":1,"placement":{"groups":{"db":"affinity"}}}"#
            let told = try await api.call("POST", "/v1/placements:dry-run", asked, 409)
            #expect(told["code"] as? String == "group_conflict")
            for vm in try await site.redis.send(["ZRANGE", "hvc:vms", "0", "-1"]).strings ?? [] {
                #expect(try await site.http.call("/vm/destroy?vmid=\(vm)").body == #"{"status":1}"#)
            }
            #expect(try await site.redis.send(["EXISTS", "hvc:group:db"]).int == 0)
            let together = try await (0..<3).asyncMap { _ in try await api.call("POST", "/v1/vms", other, 201) }
            let homes = Set(together.compactMap { $0["pm_id"] as? Int })
            #expect(homes.count == 1)
            _ = try await site.redis.send(["HSET", "hvc:pm:\(homes.first ?? 0)", "group:db", "7", "group:gone", "1"])
            let audit = try site.program("hvc-worker", ["audit", "--mend"])
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
                let dry = try await api.call(
                    "POST",
                    "/v1/placements:dry-run",
                    #"{"instance_type":1,"image_id":100,"placement":{"not_pms":[2]}}"#
                )
                let decisions = try #require(dry["decisions"] as? [[String: Any]])
                let made = try await api.call(
                    "POST",
                    "/v1/vms",
                    #"{"name":"a","instance_type":1,"image_id":100,"placement":{"not_pms":[2]}}"#,
                    201
                )
                #expect(decisions.count == 1 && decisions[0]["pm_id"] as? Int == made["pm_id"] as? Int)
                #expect((decisions[0]["explanation"] as? [String: Any])?["policy"] as? String == policy)
            }
        }
    }

    @Test(
        "A hold keeps its room, is built in its place, ends by itself, and can be given back",
        .timeLimit(.minutes(1))
    )
    func holds() async throws {
        try await withSimulatedFleet(1, ",cpu=4,ram=6000,disk=40", type: (2, 2048, 4)) { api, site in
            let hour = #"{"instance_type":1,"image_id":100,"expires_in_s":3600}"#
            let first = try await api.call("POST", "/v1/holds", hour, 201)
            let id = try #require(first["id"] as? Int)
            #expect(first["state"] as? String == "held" && first["pm_id"] as? Int == 1)
            let second = try await api.call(
                "POST",
                "/v1/holds",
                #"{"instance_type":1,"image_id":100,"expires_in_s":1}"#,
                201
            )
            // All is held. Once the short one is over, there is room again.
            let plain = "/vm/create?name=a&instance_type=1&image_id=100"
            #expect(try await site.http.call(plain).headers["x-hvc-code"] == "no_capacity")
            let brief = try #require(second["id"] as? Int)
            try await eventually("the hold to end") {
                try await api.answer("GET", "/v1/holds/\(brief)", nil).status == 404
            }
            let other = try await site.http.call(plain)
            #expect(other.status == 200, "\(other)")

            #expect(try await api.call("GET", "/v1/holds/\(id)")["pm_id"] as? Int == 1)
            let build = #"{"name":"mine","hold_id":\#(id),"image_id":100}"#
            let built = try await api.call("POST", "/v1/vms", build, 201)
            #expect(built["id"] as? Int == id && built["state"] as? String == "running")
            let job = try #require(built["job_id"] as? Int)
            let told = try await api.call("GET", "/v1/jobs/\(job)/explanation")
            #expect((told["explanation"] as? [String: Any])?["chosen"] as? Int == 1, "\(told)")
            #expect(try await api.call("POST", "/v1/vms", build, 404)["code"] as? String == "unknown_hold")
            #expect(try await site.http.call("/vm/query?vmid=\(id)").body.contains(#""name":"mine""#))
            try await expectWell(site)

            #expect(try await site.http.call("/vm/destroy?vmid=\(id)").body == #"{"status":1}"#)
            let third = try #require(try await api.call("POST", "/v1/holds", hour, 201)["id"] as? Int)
            #expect(try await api.call("DELETE", "/v1/holds/\(third)")["state"] as? String == "gone")
            #expect(try await api.call("DELETE", "/v1/holds/\(third)", nil, 404)["code"] as? String == "unknown_hold")
            #expect(try await site.machine(1).vms == 1)
            #expect(try await site.redis.send(["ZCARD", "hvc:holds"]).int == 0)
            try await expectWell(site)

            // Neither a hold that nothing ends nor the end of what is none goes unseen.
            let last = try #require(try await api.call("POST", "/v1/holds", hour, 201)["id"] as? Int)
            let end = try await site.redis.send(["ZSCORE", "hvc:holds", "\(last)"]).string
            _ = try await site.redis.send(["DEL", "hvc:holds"])
            _ = try await site.redis.send(["ZADD", "hvc:holds", "9999999999999", "77"])
            let audit = try site.program("hvc-worker", ["audit", "--mend"])
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
            func row() async throws -> [String: Any] {
                let answer = try await api.call("GET", "/v1/capacity")
                #expect(answer["examined_pms"] as? Int == 3, "\(answer)")
                return try #require((answer["types"] as? [[String: Any]])?.first)
            }
            /// How many fit on each PM, by what it says is free.
            func counts() async throws -> [Int] {
                try await (1..<4).asyncMap { pm in
                    let free = try await site.machine(pm).free
                    return min(free.cpu / 2, free.ram / 2048, free.disk / 4)
                }
            }
            let empty = try await counts()
            #expect(try await row()["fits_now"] as? Int == empty.reduce(0, +))
            #expect(try await row()["fits_with_one_pm_lost"] as? Int == empty.reduce(0, +) - (empty.max() ?? 0))
            for _ in 0..<3 { _ = try await site.http.call("/vm/create?name=a&instance_type=1&image_id=100") }
            // A VM on each PM. That of a lost one takes room elsewhere.
            let used = try await counts()
            #expect(try await row()["fits_now"] as? Int == used.reduce(0, +))
            let lost = used.reduce(0, +) - (used.max() ?? 0) - 1
            #expect(try await row()["fits_with_one_pm_lost"] as? Int == lost)

            let drain = try await api.call("POST", "/v1/pms/1:drain?dry_run=true")
            #expect(drain["possible"] as? Bool == true)
            let moves = try #require(drain["moves"] as? [[String: Any]])
            let targets = moves.map { ($0["decision"] as? [String: Any])?["pm_id"] as? Int }
            #expect(targets.count == 1 && targets.allSatisfy { $0 == 2 || $0 == 3 })
            #expect(try await api.call("POST", "/v1/pms/1:drain", nil, 501)["code"] as? String == "not_supported")

            for pm in [2, 3] {
                #expect(try await api.call("POST", "/v1/pms/\(pm):cordon")["cordoned"] as? Bool == true)
            }
            let stuck = try await api.call("POST", "/v1/pms/1:drain?dry_run=true")
            #expect(stuck["possible"] as? Bool == false)
            #expect("\(stuck)".contains("being emptied"), "\(stuck)")
            #expect(try await row()["fits_now"] as? Int == used[0])
            let unsafe = try await row()
            #expect(unsafe["homeless_vms"] as? Int == 1 && unsafe["fits_with_one_pm_lost"] as? Int == 0)
            for pm in [2, 3] { _ = try await api.call("POST", "/v1/pms/\(pm):uncordon") }
            #expect(try await row()["fits_now"] as? Int == used.reduce(0, +))
        }
    }

    @Test("A hold that is given back while it is built goes one way or the other", .timeLimit(.minutes(1)))
    func holdRace() async throws {
        try await withSimulatedFleet(2) { api, site in
            let wish = #"{"instance_type":1,"image_id":100,"expires_in_s":600}"#
            var outcomes: [[Int]] = []
            for _ in 0..<40 {
                let id = try #require(try await api.call("POST", "/v1/holds", wish, 201)["id"] as? Int)
                let build = #"{"name":"mine","hold_id":\#(id),"image_id":100}"#
                async let built = api.answer("POST", "/v1/vms", build)
                async let released = api.answer("DELETE", "/v1/holds/\(id)", nil)
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

    @Test("A place that is refused again and again is told, and the worker rests", .timeLimit(.minutes(1)))
    func refusedPlace() async throws {
        try await withSimulatedFleet(1, workers: 0) { api, site in
            let worker = try await site.startWorker("w")
            try await site.waitUntilUp(1)
            // As nothing but a hand makes it: the group counts a VM that is on no PM.
            _ = try await site.redis.send(["HSET", "hvc:group:z", "rule", "affinity", "members", "1", "placed", "1"])
            let wish = #"{"name":"a","instance_type":1,"image_id":100,"placement":{"groups":{"z":"affinity"}}}"#
            async let made = api.answer("POST", "/v1/vms", wish)
            try await eventually("the worker to tell") { worker.text.contains("run hvc-worker audit") }
            let audit = try site.program("hvc-worker", ["audit", "--mend"])
            #expect(try await audit.waitForExit(within: .seconds(60)) == .status(0))
            #expect(audit.text.contains("hvc:group:z: its counts are not those of its VMs"), "\(audit.text)")
            #expect(try await made.status == 201)
        }
    }

    // MARK: The calls

    private struct Made: Decodable {
        let machine: Int

        private enum CodingKeys: String, CodingKey {
            case machine = "pm_id"
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
