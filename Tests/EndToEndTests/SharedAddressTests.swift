import API
import Foundation
import Model
import RedisClient
import TestKit
import Testing

@Suite("One machine under two addresses, and workers that do not reach it")
struct SharedAddressTests {
    @Test(
        "Its CPUs are given away once, its VMs are reported once, and the second address stands for it once the first is gone",
        .timeLimit(.minutes(3))
    )
    func alias() async throws {
        let ports: (TestHosts) -> [String] = { hosts in
            let name = hosts.address(1).split(separator: ":")[0]
            return ["\(name):22 overcommit_cpu=0.25", "\(name):2222 overcommit_cpu=0.25"]
        }
        try await Fleet.with(1, addresses: ports, environment: ["HVC_WAIT": "60"]) { fleet, workers in
            try await fleet.wait(until: "alias", 2)
            let record = try await fleet.record("hvc:pm:2")
            #expect(record["alias_of"] == "1" && record["cpu"] == nil && record["measured_at"] == nil)
            #expect(record["reason"]?.contains("the same machine as PM 1") == true)
            #expect(try await fleet.site.http.call("/pm/list").body == #"{"pmids":[1,2]}"#)
            let (real, alias) = (try await fleet.site.machine(1), try await fleet.site.machine(2))
            #expect(real.capacity.cpu == 8 && real.free.cpu == 2)
            #expect(alias.capacity.cpu == 0 && alias.free.cpu == 0 && alias.vms == 0)
            let shown = try await ResourceAPI(http: fleet.site.http).call(Endpoints.readPM, 2)
            #expect(shown.aliasOf == PMID(1) && shown.state == "alias" && shown.capacity == nil)

            let answers = try await withThrowingTaskGroup(of: HTTPAnswer.self) { group in
                for number in 1...4 { group.addTask { try await fleet.create("vm\(number)") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.filter { $0.status == 200 }.count == 2, "\(answers)")
            #expect(answers.filter { $0.headers["x-hvc-code"] == "no_capacity" }.count == 2, "\(answers)")
            try await awaitProbes(fleet, at: [1, 2])
            let vms = try await fleet.site.redis.send(["ZRANGE", "hvc:vms", "0", "-1"]).strings ?? []
            #expect(vms.count == 2)
            for vm in vms {
                let vm = try await fleet.record("hvc:vm:\(vm)")
                #expect(vm["pm"] == "1" && vm["also_on"] == nil && vm["duplicate"] == nil, "\(vm)")
            }
            #expect(workers.contains { $0.text.contains("PM 2 is the same machine as PM 1") })
            #expect(
                !workers.contains { $0.text.contains("domains on two PMs") || $0.text.contains("has a domain here") }
            )

            let file = fleet.site.directory.file("pm_file")
            try ports(fleet.hosts)[1].write(toFile: file, atomically: true, encoding: .utf8)
            for worker in workers { worker.signal(SIGHUP) }
            try await fleet.wait(until: "up", 2)
            try await eventually("the VMs to be the second address's", deadline: .seconds(30)) {
                try await fleet.site.field("hvc:pm:2", "vms") == "2"
            }
            #expect(try await fleet.site.field("hvc:pm:2", "alias_of") == nil)
            try await fleet.unmake(vms.compactMap { Int($0) })
            #expect(try await fleet.hosts.domains(1).isEmpty)
        }
    }

    @Test(
        "A worker whose key is refused makes no PM unknown and loses no VM; the others do its work",
        .timeLimit(.minutes(3))
    )
    func lameWorker() async throws {
        try await Fleet.with(2, workers: 1, environment: ["HVC_SLOTS": "2"]) { fleet, _ in
            let folder = try TemporaryDirectory()
            let ssh = "#!/bin/sh\necho 'root@pm: Permission denied (publickey).' >&2\nexit 255\n"
            try ssh.write(toFile: folder.file("ssh"), atomically: true, encoding: .utf8)
            chmod(folder.file("ssh"), 0o755)
            let path = folder.path + ":" + (fleet.hosts.environment["PATH"] ?? "")
            let lame = try await fleet.site.startWorker("lame", environment: ["PATH": path, "HVC_SLOTS": "8"])
            for pm in 1...2 {
                try await eventually("a note that the worker does not reach PM \(pm)", deadline: .seconds(60)) {
                    try await fleet.site.redis.send(["HGET", "hvc:pm:\(pm):unreached", "lame"]).string?
                        .contains("takes none of our keys") == true
                }
            }
            try await lame.waitForLine(containing: "does not answer this worker, and answers another one")
            let vms = try await fleet.made(atOnce: 6)
            try await awaitProbes(fleet, at: [1, 2])
            for pm in 1...2 { #expect(try await fleet.site.field("hvc:pm:\(pm)", "state") == "up") }
            #expect(!lame.text.contains("is unknown"), "\(lame.text)")
            // The note goes after three periods, and comes back with the worker's next try.
            try await eventually("the note to be shown", deadline: .seconds(60)) {
                let shown = try await ResourceAPI(http: fleet.site.http).call(Endpoints.readPM, 1)
                return shown.unreachedBy["lame"]?.contains("keys") == true
            }
            try await fleet.unmake(vms)
            for host in 1...2 { #expect(try await fleet.hosts.domains(host).isEmpty) }
        }
    }

    /// Waits until each of these PMs was probed twice from its beginning.
    private func awaitProbes(_ fleet: Fleet, at pms: [Int]) async throws {
        for pm in pms {
            for _ in 0..<2 {
                let before = try await fleet.site.field("hvc:pm:\(pm)", "inventory_at")
                try await eventually("another probe of PM \(pm)", deadline: .seconds(60), every: .milliseconds(50)) {
                    try await fleet.site.field("hvc:pm:\(pm)", "inventory_at") != before
                }
            }
        }
    }
}
