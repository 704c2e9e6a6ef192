import Foundation
import RedisClient
import TestKit
import Testing

@Suite("A Redis that has lost what it held")
struct LostRedisTests {
    /// Where Redis keeps its append-only files.
    private static let files = "appendonlydir"

    /// What must not change while the state is rebuilt: the numbers of running domains, which each start changes.
    private func guests(_ drift: DriftSite) async throws -> [String] {
        var lists: [String] = []
        for machine in drift.machines { lists.append(try await machine.virsh("list", "--all")) }
        return lists
    }

    /// What a VM's record must be again.
    private func essence(_ drift: DriftSite, _ vm: Int) async throws -> [String: String] {
        let fields = [
            "id", "name", "uuid", "domain", "type", "image", "cpu", "ram", "disk", "state", "pm", "created_at",
            "create_job",
        ]
        let record = try await drift.record("hvc:vm:\(vm)")
        return record.filter { fields.contains($0.key) }
    }

    private func expectRebuilt(_ drift: DriftSite, _ vms: [Int: [String: String]], guests before: [String]) async throws
    {
        for (vm, known) in vms {
            try await drift.wait(for: vm, ["state": known["state"], "pm": known["pm"]])
            #expect(try await essence(drift, vm) == known)
        }
        #expect(try await guests(drift) == before, "a domain was touched")
        let perPM = (1...drift.machines.count).map { pm in vms.values.filter { $0["pm"] == "\(pm)" }.count }
        try await eventually("the claims") {
            try await drift.expectClaims(perPM)
            return true
        }
    }

    @Test(
        "After FLUSHALL VMs are known again by their domains, untouched; a create meanwhile waits and gets a new number",
        .timeLimit(.minutes(3))
    )
    func flushAll() async throws {
        try await DriftSite.with(2) { (drift) async throws in
            var vms: [Int: [String: String]] = [:]
            for name in ["a", "b", "c", "d"] {
                let vm = try await drift.made(name)
                vms[vm] = try await essence(drift, vm)
            }
            try await drift.machines[drift.pm(of: 1) - 1].virsh("destroy", drift.domain(1))
            vms[1]?["state"] = "stopped"
            try await drift.wait(for: 1, ["state": "stopped"])
            let before = try await guests(drift)
            _ = try await drift.site.redis.send(["FLUSHALL"])
            async let created = drift.made("e")
            let query = try await drift.site.http.call("/vm/query?vmid=2")
            #expect([200, 503].contains(query.status), "\(query)")
            let new = try await created
            #expect(new == 5)
            try await drift.destroyAllBut(Set(vms.keys), new)
            try await expectRebuilt(drift, vms, guests: before)
            #expect(try await drift.events().filter { $0 == "vm.adopted" }.count == 4)
            #expect(try await drift.site.field("hvc:policy", "name") == "seed")
            #expect(try await drift.site.http.call("/pm/list").body == #"{"pmids":[1,2]}"#)
            try await drift.destroyAll([1, 2, 3, 4])
        }
    }

    @Test(
        "A Redis that comes back without its files is filled anew by workers that run, and by ones that start",
        .timeLimit(.minutes(3)),
        arguments: [true, false]
    )
    func newRedis(workersRun: Bool) async throws {
        try await DriftSite.with { (drift) async throws in
            let vms = [try await drift.made("a"), try await drift.made("b")]
            var known: [Int: [String: String]] = [:]
            for vm in vms { known[vm] = try await essence(drift, vm) }
            let before = try await guests(drift)
            if !workersRun { for worker in drift.workers { _ = try await worker.kill() } }
            try await drift.site.redisServer.kill9()
            try FileManager.default.removeItem(atPath: drift.site.redisServer.directory.file(Self.files))
            try await drift.site.redisServer.start()
            if !workersRun { _ = try await drift.site.startWorker("heir") }
            try await expectRebuilt(drift, known, guests: before)
            // Until its own connection is back the gateway answers 503.
            try await eventually("the gateway to be ready") {
                try await drift.site.http.call("/readyz").status == 200
            }
            try await drift.destroyAll(vms)
        }
    }

    @Test(
        "A Redis without its last writes: VMs made since are adopted, ones destroyed since are missing; none is deleted",
        .timeLimit(.minutes(3))
    )
    func lastWritesLost() async throws {
        try await DriftSite.with(environment: ["HVC_DISCOVERY_PERIOD": "1"]) { (drift) async throws in
            let server = drift.site.redisServer
            let first = try await drift.made("a")
            let kept = drift.site.directory.file("kept")
            try FileManager.default.copyItem(atPath: server.directory.file(Self.files), toPath: kept)
            let second = try await drift.made("b")
            let known = try await essence(drift, second)
            let answer = try await drift.site.http.call("/vm/destroy?vmid=\(first)")
            #expect(answer.body == #"{"status":1}"#)
            let before = try await guests(drift)
            try await server.kill9()
            try FileManager.default.removeItem(atPath: server.directory.file(Self.files))
            try FileManager.default.copyItem(atPath: kept, toPath: server.directory.file(Self.files))
            try await server.start()
            try await drift.wait(for: first, ["state": "missing"])
            try await drift.wait(for: second, ["state": "running"])
            #expect(try await essence(drift, second) == known)
            #expect(try await guests(drift) == before, "a domain was touched")
            try await drift.expectClaims([2])
            // Until its own connection is back the gateway answers 503.
            try await eventually("the gateway to be ready") {
                try await drift.site.http.call("/readyz").status == 200
            }
            #expect(try await drift.made("c") == 3)
            try await drift.destroyAll([first, second, 3])
        }
    }
}

extension DriftSite {
    /// Destroys one VM and checks that the others' records are there.
    fileprivate func destroyAllBut(_ others: Set<Int>, _ vm: Int) async throws {
        try await destroy(vm)
        let known = try await site.redis.send(["ZRANGE", "hvc:vms", "0", "-1"]).strings ?? []
        guard Set(known.compactMap { Int($0) }) == others else { throw TestKitError("known are \(known)") }
    }
}
