import Foundation
import RedisClient
import TestKit
import Testing

@Suite("What happens to domains behind our back")
struct DriftTests {
    @Test(
        "A domain that is switched off, on, off and undefined by hand is so by the records within moments, by its events",
        .timeLimit(.minutes(3))
    )
    func switchedByHand() async throws {
        try await DriftSite.with { (drift) async throws in
            let vm = try await drift.made()
            let (machine, domain) = (drift.machines[0], try await drift.domain(vm))
            try await machine.virsh("destroy", domain)
            try await drift.wait(for: vm, ["state": "stopped", "pm": "1"])
            try await machine.virsh("start", domain)
            try await drift.wait(for: vm, ["state": "running"])
            try await machine.virsh("destroy", domain)
            try await drift.wait(for: vm, ["state": "stopped"])
            try await machine.virsh("undefine", domain)
            try await drift.wait(for: vm, ["state": "missing"])
            try await drift.expectClaims([1])
            let events = try await drift.events()
            #expect(events == ["vm.stopped", "vm.started", "vm.stopped", "vm.missing"])
            try await drift.destroyAll([vm])
        }
    }

    @Test(
        "A domain that is paused or whose process is killed is so by the records within moments, with the reason",
        .timeLimit(.minutes(3))
    )
    func pausedByHand() async throws {
        try await DriftSite.with { (drift) async throws in
            let vm = try await drift.made()
            let (machine, domain) = (drift.machines[0], try await drift.domain(vm))
            let began = try await drift.site.field("hvc:vm:\(vm)", "running_at")
            try await machine.virsh("suspend", domain)
            try await drift.wait(for: vm, ["state": "paused", "state_reason": "user"])
            let resource = try await drift.site.http.call("/v1/vms/\(vm)").body
            #expect(
                resource.contains(#""state":"paused""#) && resource.contains(#""state_reason":"user""#),
                "\(resource)"
            )
            try await machine.virsh("resume", domain)
            try await drift.wait(for: vm, ["state": "running", "state_reason": nil, "running_at": began])
            try await machine.killGuest(domain)
            try await drift.wait(for: vm, ["state": "crashed", "state_reason": "crashed"])
            try await machine.virsh("start", domain)
            try await drift.wait(for: vm, ["state": "running", "state_reason": nil])
            let events = try await drift.events()
            #expect(events == ["vm.paused", "vm.resumed", "vm.crashed", "vm.started"])
            try await machine.virsh("suspend", domain)
            try await drift.wait(for: vm, ["state": "paused"])
            try await drift.destroyAll([vm])
        }
    }

    @Test(
        "Renamed and resized by hand it is found, noted and destroyed; files of its that stay are named by the job",
        .timeLimit(.minutes(3))
    )
    func changedByHand() async throws {
        try await DriftSite.with(environment: ["HVC_DISCOVERY_PERIOD": "0.5"]) { (drift) async throws in
            let vm = try await drift.made()
            let (machine, domain) = (drift.machines[0], try await drift.domain(vm))
            let outside = "/var/lib/libvirt/outside.s1"
            try await machine.virsh("destroy", domain)
            try await drift.wait(for: vm, ["state": "stopped", "state_reason": "destroyed"])
            try await machine.virsh("domrename", domain, "web")
            try await machine.virsh("setmaxmem", "web", "96M", "--config")
            let drifted = "renamed to web, 96 MiB of memory instead of 64"
            try await drift.wait(for: vm, ["state": "stopped", "drift": drifted])
            try await machine.virsh("start", "web")
            try await drift.wait(for: vm, ["state": "running", "drift": drifted])
            try await machine.virsh(
                "snapshot-create-as",
                "web",
                "s1",
                "--disk-only",
                "--diskspec",
                "vda,file=\(outside)"
            )
            try await drift.destroyAll([vm])
            #expect(try await drift.domains().isEmpty)
            #expect(try await drift.site.field("hvc:job:2", "left") == outside)
        }
    }

    @Test("Where no PM has the network, a create says so with a code, and makes nothing", .timeLimit(.minutes(3)))
    func noNetwork() async throws {
        try await DriftSite.with(2, settings: " network=office") { (drift) async throws in
            let answer = try await drift.site.http.call("/vm/create?name=a&instance_type=1&image_id=100")
            #expect(answer.status == 503 && answer.body == #"{"vmid":0}"#, "\(answer)")
            #expect(answer.headers["x-hvc-code"] == "network_unavailable")
            #expect(answer.headers["x-hvc-reason"]?.contains("no libvirt network 'office'") == true, "\(answer)")
            #expect(try await drift.site.field("hvc:job:1", "tried")?.count == 3, "both PMs were asked")
            for pm in 1...2 { #expect(try await drift.domains(pm).isEmpty) }
            try await drift.expectClaims([0, 0])
        }
    }

    @Test(
        "What happened while libvirtd was away is found when it is back, and its events arrive again",
        .timeLimit(.minutes(3))
    )
    func libvirtdAway() async throws {
        try await DriftSite.with { (drift) async throws in
            let vms = [try await drift.made(), try await drift.made()]
            let machine = drift.machines[0]
            let first = try await drift.domain(vms[0])
            try await machine.kill()
            try await machine.killGuest(first)
            try await machine.restart()
            try await drift.wait(for: vms[0], ["state": "crashed"])
            try await drift.wait(for: vms[1], ["state": "running"])
            try await machine.virsh("destroy", drift.domain(vms[1]))
            try await drift.wait(for: vms[1], ["state": "stopped"])
            try await drift.destroyAll(vms)
        }
    }

    @Test(
        "Where VMs are to be started again, one that is switched off runs soon, once, and a destroy goes first",
        .timeLimit(.minutes(3))
    )
    func startedAgain() async throws {
        try await DriftSite.with(environment: ["HVC_AUTOSTART": "on"]) { (drift) async throws in
            let vm = try await drift.made()
            let (machine, domain) = (drift.machines[0], try await drift.domain(vm))
            // As if it had run for long: one that keeps ending is started once a minute.
            _ = try await drift.site.redis.send([
                "HSET", "hvc:vm:\(vm)", "running_at", "2020-01-01T00:00:00.000Z",
            ])
            try await machine.virsh("destroy", domain)
            try await drift.wait(for: vm, ["state": "running", "start_job": "2"])
            try await eventually("its start to be done") {
                try await drift.site.field("hvc:job:2", "state") == "done"
            }
            #expect(try await drift.domains(1, "--state-running") == [domain])
            #expect(try await drift.site.field("hvc:job:2", "attempts") == "1")
            // Now it has been started just before, so the next start waits, and the destroy comes first.
            try await machine.virsh("destroy", domain)
            try await drift.wait(for: vm, ["state": "stopped", "start_job": "3"])
            try await drift.destroyAll([vm])
            #expect(try await drift.site.field("hvc:job:3", "state") == "delayed")
        }
    }

    @Test(
        "A domain that was moved to another PM by hand is moved by the records, with its claim",
        .timeLimit(.minutes(3))
    )
    func movedByHand() async throws {
        try await DriftSite.with(2) { (drift) async throws in
            let vm = try await drift.made()
            let domain = try await drift.domain(vm)
            let from = try await drift.pm(of: vm)
            let to = 3 - from
            try await drift.copy(domain, from: from, to: to)
            try await drift.wait(for: vm, ["also_on": "\(to)", "pm": "\(from)"])
            try await drift.machines[from - 1].virsh("destroy", domain)
            try await drift.machines[from - 1].virsh("undefine", domain)
            for file in ["\(domain).qcow2", "\(domain)-seed.iso"] {
                try await drift.machines[from - 1].virsh("vol-delete", "--pool", "default", file)
            }
            try await drift.machines[to - 1].virsh("start", domain)
            try await drift.wait(for: vm, ["state": "running", "pm": "\(to)", "also_on": nil])
            try await drift.expectClaims(to == 1 ? [1, 0] : [0, 1])
            #expect(try await drift.events().contains("vm.moved"))
            let query = try await drift.site.http.call("/vm/query?vmid=\(vm)")
            #expect(query.body == #"{"vmid":\#(vm),"name":"vm","instance_type":1,"pmid":\#(to)}"#)
            try await drift.destroyAll([vm])
        }
    }

    @Test("While two PMs have a VM's domain nothing is changed, and people are reported", .timeLimit(.minutes(3)))
    func twoDomains() async throws {
        try await DriftSite.with(2, environment: ["HVC_DISCOVERY_PERIOD": "1"]) { (drift) async throws in
            let vm = try await drift.made()
            let domain = try await drift.domain(vm)
            let from = try await drift.pm(of: vm)
            try await drift.copy(domain, from: from, to: 3 - from)
            try await drift.wait(for: vm, ["duplicate": "1", "pm": "\(from)", "state": "running"])
            #expect(try await drift.domains(3 - from) == [domain])
            #expect(try await drift.domains(from, "--state-running") == [domain])
            try await drift.machines[2 - from].virsh("undefine", domain)
            for file in ["\(domain).qcow2", "\(domain)-seed.iso"] {
                try await drift.machines[2 - from].virsh("vol-delete", "--pool", "default", file)
            }
            try await drift.wait(for: vm, ["duplicate": nil, "also_on": nil, "pm": "\(from)", "state": "running"])
            #expect(try await drift.events().filter { $0 == "vm.duplicate" }.count == 1)
            try await drift.destroyAll([vm])
        }
    }

    @Test("From an inventory that is not complete nothing is concluded", .timeLimit(.minutes(3)))
    func partialInventory() async throws {
        let define = ["pool-define-as", "fast", "dir", "--target", "/var/lib/libvirt/images/fast"]
        let prepare: ([PrivateLibvirtd]) async throws -> Void = { machines in
            _ = try await machines[0].virsh(define)
            try await machines[0].virsh("pool-build", "fast")
            try await machines[0].virsh("pool-start", "fast")
        }
        let period = ["HVC_DISCOVERY_PERIOD": "0.3"]
        try await DriftSite.with(settings: " pool=fast", environment: period, prepare: prepare) {
            (drift) async throws in
            let vm = try await drift.made()
            let (machine, domain) = (drift.machines[0], try await drift.domain(vm))
            // A probe starts a pool that it finds stopped, so this may take a few tries.
            try await eventually("the pool to be gone") {
                _ = try? await machine.virsh("pool-destroy", "fast")
                try await machine.virsh("pool-undefine", "fast")
                return true
            }
            try await eventually("a probe without the pool") {
                let record = try await drift.record("hvc:pm:1")
                return record["state"] == "degraded" && record["reason"]?.contains("no storage pool") == true
            }
            try await machine.virsh("destroy", domain)
            let before = try await drift.record("hvc:pm:1")
            try await eventually("two more probes") {
                let now = try await drift.record("hvc:pm:1")
                let checked = (before["checked_at"] ?? "", now["checked_at"] ?? "")
                return checked.1.prefix(19) > checked.0.prefix(19)
            }
            #expect(try await drift.site.field("hvc:vm:\(vm)", "state") == "running")
            #expect(try await drift.record("hvc:pm:1")["inventory_at"] == before["inventory_at"])
            // The next look starts it.
            _ = try await machine.virsh(define)
            try await drift.wait(for: vm, ["state": "stopped"])
            let answer = try await drift.site.http.call("/vm/destroy?vmid=\(vm)")
            #expect(answer.body == #"{"status":1}"#)
        }
    }

    @Test("Domains of others are listed by their names, counted, and left alone, ours of another installation too")
    func foreign() async throws {
        try await DriftSite.with { (drift) async throws in
            let machine = drift.machines[0]
            let vm = try await drift.made()
            let ours = try await drift.domain(vm)
            let xml = try await machine.virsh("dumpxml", "--inactive", ours)
            for (name, cell) in [("stranger", ""), ("hvc-9-0badcafe", "elsewhere")] {
                let uuid = UUID().uuidString.lowercased()
                let old = try #require(try await drift.site.field("hvc:vm:\(vm)", "uuid"))
                var text = xml.replacing(old, with: uuid).replacing(
                    "<name>\(ours)</name>",
                    with: "<name>\(name)</name>"
                )
                text = text.replacing("cell=\"default\"", with: "cell=\"\(cell)\"").replacing(
                    " id=\"1\"",
                    with: " id=\"9\""
                )
                if cell.isEmpty { text = text.replacing(/(?s)<metadata>.*<\/metadata>/, with: "") }
                let file = machine.directory.file("\(name).xml")
                try text.write(toFile: file, atomically: true, encoding: .utf8)
                try await machine.virsh("define", file)
            }
            try await eventually("the foreign domains to be listed", deadline: .seconds(30)) {
                try await drift.site.field("hvc:pm:1", "foreign_domains") == #"["hvc-9-0badcafe","stranger"]"#
            }
            #expect(try await drift.site.redis.send(["ZRANGE", "hvc:vms", "0", "-1"]).strings == ["1"])
            #expect(try await drift.domains() == [ours, "hvc-9-0badcafe", "stranger"].sorted())
            try await drift.expectClaims([1])
            #expect(try await drift.events().isEmpty)
            for name in ["stranger", "hvc-9-0badcafe"] { try await machine.virsh("undefine", name) }
            try await drift.destroyAll([vm])
        }
    }
}
