import Foundation
import RedisClient
import TestKit
import Testing

@Suite("Hosts that fail a job, and cleanups that are pending there")
struct PendingCleanupTests {
    @Test(
        "The chosen PM fails: the next best takes the VM, the trace names each, and who fails is not asked first again",
        .timeLimit(.minutes(3))
    )
    func nextBest() async throws {
        // Each good look forgives a failure: none falls due meanwhile.
        try await Fleet.with(2, environment: ["HVC_DISCOVERY_PERIOD": "300"]) { fleet, _ in
            try await fleet.unmake(try await fleet.made(atOnce: 2))
            try await fleet.hosts.exec(1, "bash", "-c", Self.closeDisk)
            var tried: [String] = []
            for number in 1...5 {
                let vm = try await fleet.made("vm\(number)")
                #expect(try await fleet.pm(of: vm) == "2")
                let job = try #require(try await fleet.jobs().first { $0["vm"] == "\(vm)" })
                #expect(job["state"] == "done" && job["pm"] == "2", "\(job)")
                tried.append(job["tried"] ?? "")
                if tried.last == "1" {
                    #expect(
                        (job["put_off"] ?? "").contains("PM") || (job["handed_back"] ?? "").contains("PM"),
                        "\(job)"
                    )
                }
            }
            // The one used least recently was PM 1, once at most: after its failure it waits behind those that work.
            #expect(tried.filter { $0 == "1" }.count == 1 && tried.filter { $0 == "" }.count == 4, "\(tried)")
            #expect(try await fleet.site.field("hvc:pm:1", "failures") == "1")
            #expect(try await fleet.site.machine(1).vms == 0)
            try await fleet.hosts.exec(1, "bash", "-c", Self.openDisk)
            try await fleet.unmake(try await fleet.vms())
            try await fleet.expectNothingLeft()
        }
    }

    @Test("Where every PM fails, the create fails with the reason and leaves nothing", .timeLimit(.minutes(3)))
    func noneIsLeft() async throws {
        try await Fleet.with(2) { fleet, _ in
            for host in 1...2 { try await fleet.hosts.exec(host, "bash", "-c", Self.closeDisk) }
            let answer = try await fleet.create()
            #expect(answer.status >= 500 && answer.body == #"{"vmid":0}"#, "\(answer)")
            let job = try await fleet.record("hvc:job:1")
            #expect(Set(job["tried", default: ""].split(separator: ",")) == ["1", "2"], "\(job)")
            #expect(job["error"]?.isEmpty == false)
            for host in 1...2 { try await fleet.hosts.exec(host, "bash", "-c", Self.openDisk) }
            try await fleet.expectNothingLeft()
            try await fleet.unmake([try await fleet.made()])
        }
    }

    @Test(
        "A destroy while its PM is down stays pending: the claim is held until the PM is back, then all goes",
        .timeLimit(.minutes(4))
    )
    func pendingCleanup() async throws {
        try await Fleet.with(2, environment: ["HVC_WAIT": "15"]) { fleet, _ in
            let vms = try await fleet.made(atOnce: 2)
            let pms = [try await fleet.pm(of: vms[0]), try await fleet.pm(of: vms[1])]
            let vm = try #require(pms[0] == "1" ? vms[0] : vms[1])
            let held = try await fleet.record("hvc:pm:1")
            try await fleet.hosts.crash(1)
            try await fleet.wait(until: "unknown", 1)
            let answer = try await fleet.destroy(vm)
            #expect(answer.status == 202 && answer.body == #"{"status":1}"#, "\(answer)")
            let job = try #require(try await fleet.site.field("hvc:vm:\(vm)", "destroy_job"))
            try await eventually("the destroy to be deferred", deadline: .seconds(60), every: .milliseconds(100)) {
                try await fleet.site.field("hvc:job:\(job)", "state") == "delayed"
            }
            let isDelayed = try await fleet.site.redis.send(["ZSCORE", "hvc:delayed", job]).string != nil
            #expect(isDelayed)
            #expect(try await fleet.site.redis.send(["SISMEMBER", "hvc:pm:1:delayed", job]).int == 1)
            let owing = try await fleet.record("hvc:pm:1")
            for field in ["vms", "claimed_cpu", "claimed_ram", "claimed_disk"] {
                #expect(owing[field] == held[field], "\(field) of PM 1")
            }
            // What is pending on one PM holds up nobody else.
            try await fleet.unmake([try #require(vms.first { $0 != vm })])
            try await fleet.unmake([try await fleet.made()])

            try await fleet.hosts.boot(1)
            try await eventually("the destroy to be done", deadline: .seconds(100), every: .milliseconds(100)) {
                try await fleet.site.field("hvc:job:\(job)", "state") == "done"
            }
            try await fleet.expectNothingLeft()
        }
    }

    @Test("A destroy during a create leaves nothing: no claim, no disk, no domain", .timeLimit(.minutes(3)))
    func destroyDuringCreate() async throws {
        try await Fleet.with(1) { fleet, _ in
            try await fleet.hosts.control(.libvirtd, of: 1, .stop)
            async let create = fleet.create()
            try await eventually("the create to be under way") {
                try await fleet.site.field("hvc:vm:1", "state") == "building"
            }
            async let destroy = fleet.destroy(1)
            try await eventually("the destroy to be accepted") {
                try await fleet.site.field("hvc:vm:1", "destroy_job") != nil
            }
            try await fleet.hosts.control(.libvirtd, of: 1, .cont)
            let (created, destroyed) = try await (create, destroy)
            #expect(created.status == 200 || created.status >= 400, "\(created)")
            #expect(destroyed.status == 200 && destroyed.body == #"{"status":1}"#, "\(destroyed)")
            #expect(try await fleet.site.http.call("/vm/query?vmid=1").body == "0")
            try await fleet.expectNothingLeft()
        }
    }

    /// Nothing can be made in the pool any more, while all can be probed: the host stays up.
    private static let closeDisk = """
        mount --bind /var/lib/libvirt/images /var/lib/libvirt/images
        mount -o remount,bind,ro /var/lib/libvirt/images
        """

    private static let openDisk = "umount /var/lib/libvirt/images"
}
