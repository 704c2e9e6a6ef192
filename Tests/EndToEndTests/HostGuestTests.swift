import Foundation
import RedisClient
import TestKit
import Testing

@Suite("Guests that live on a host beside ours, and under a libvirtd that comes and goes")
struct HostGuestTests {
    @Test(
        "A foreign domain is counted, whatever it is called, and never touched; its room is not given away",
        .timeLimit(.minutes(3))
    )
    func foreign() async throws {
        try await Fleet.with(1) { fleet, _ in
            let hosts = fleet.hosts
            let empty = try await fleet.site.machine(1)
            for (name, ram) in [("stranger", 256), ("hvc-1-0badcafe", 128)] {
                let xml = Self.xml(name, ram: ram)
                try await hosts.exec(1, "bash", "-c", "cat >/root/\(name).xml <<'END'\n\(xml)\nEND")
                try await hosts.virsh(1, "define", "/root/\(name).xml")
            }
            try await hosts.virsh(1, "start", "stranger")
            let process = try await processOfGuest("stranger", on: hosts)
            try await eventually("the stranger to be counted", deadline: .seconds(60)) {
                let record = try await fleet.record("hvc:pm:1")
                return record["foreign_cpu"] == "1" && record["foreign_ram"] == "256"
                    && record["domains_foreign"] == "2"
            }
            let beside = try await fleet.site.machine(1)
            #expect(beside.free.cpu == empty.free.cpu - 1 && beside.vms == 0)
            #expect(beside.free.ram <= empty.capacity.ram - 256, "\(beside)")
            let vm = try await fleet.made()
            #expect(try await fleet.site.field("hvc:pm:1", "vms") == "1")
            try await fleet.unmake([vm])
            #expect(try await hosts.virsh(1, "domstate", "stranger").contains("running"))
            #expect(try await processOfGuest("stranger", on: hosts) == process)
            #expect(try await hosts.domains(1) == ["hvc-1-0badcafe", "stranger"])
            try await hosts.virsh(1, "destroy", "stranger")
            try await eventually("its room to be free again", deadline: .seconds(60)) {
                try await fleet.site.machine(1).free.cpu == empty.free.cpu
            }
        }
    }

    @Test("Guests and records outlive a libvirtd that is killed, restarted or frozen", .timeLimit(.minutes(4)))
    func restart() async throws {
        try await Fleet.with(1) { fleet, _ in
            let hosts = fleet.hosts
            let vms = try await fleet.made(atOnce: 2).sorted()
            let domains = try await hosts.domains(1)
            var processes: [String] = []
            for domain in domains { processes.append(try await processOfGuest(domain, on: hosts)) }
            let records = try await [record(of: vms[0], in: fleet), record(of: vms[1], in: fleet)]
            let ways: [[TestHosts.Action]] = [[.kill, .start], [.restart], [.stop, .cont]]
            for way in ways {
                for action in way { try await hosts.control(.libvirtd, of: 1, action) }
                let looked = try await fleet.site.field("hvc:pm:1", "measured_at")
                try await eventually("a probe after \(way)", deadline: .seconds(60), every: .milliseconds(50)) {
                    let record = try await fleet.record("hvc:pm:1")
                    return record["state"] == "up" && record["measured_at"] != looked && record["domains"] == "2"
                }
                #expect(try await hosts.domains(1) == domains)
                for (domain, process) in zip(domains, processes) {
                    #expect(try await hosts.virsh(1, "domstate", domain).contains("running"))
                    #expect(try await processOfGuest(domain, on: hosts) == process, "\(domain) after \(way)")
                }
                for (vm, record) in zip(vms, records) { #expect(try await self.record(of: vm, in: fleet) == record) }
                // The worker whose connection broke goes on by itself.
                try await fleet.unmake([try await fleet.made()])
            }
            try await fleet.unmake(vms)
            try await fleet.expectNothingLeft()
        }
    }

    /// A VM's record, but for what is found of its guest, which goes on meanwhile.
    private func record(of vm: Int, in fleet: Fleet) async throws -> [String: String] {
        let found = ["addresses", "addressed_at", "primary_ip", "readiness_at", "ssh", "cloud", "guest"]
        return try await fleet.record("hvc:vm:\(vm)").filter { (field, _) in
            !found.contains { field == $0 || field.hasPrefix($0 + "_") }
        }
    }

    /// The QEMU process of a guest, as its host numbers it.
    private func processOfGuest(_ domain: String, on hosts: TestHosts) async throws -> String {
        try await hosts.exec(1, "cat", "/run/libvirt/qemu/\(domain).pid")
    }

    private static func xml(_ name: String, ram: Int) -> String {
        """
        <domain type='qemu'>
          <name>\(name)</name>
          <memory unit='MiB'>\(ram)</memory>
          <vcpu>1</vcpu>
          <os><type arch='x86_64'>hvm</type></os>
          <devices><serial type='null'/></devices>
        </domain>
        """
    }
}
