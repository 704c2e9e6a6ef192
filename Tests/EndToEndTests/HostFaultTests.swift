import Foundation
import RedisClient
import TestKit
import Testing

@Suite("Hosts that cannot be reached")
struct HostFaultTests {
    /// What a probe measures: none of it may change while nobody can probe.
    private static let figures = [
        "cpu", "ram", "disk", "available_cpu", "available_ram", "available_disk", "foreign_ram", "measured_at", "load",
    ]

    @Test(
        "Cable pulled, sshd gone with its sessions, another host key: unknown with the reason and never empty; others up",
        .timeLimit(.minutes(4))
    )
    func unreachable() async throws {
        try await Fleet.with(4) { fleet, _ in
            let hosts = fleet.hosts
            try await hosts.exec(3, "bash", "-c", Self.newHostKey)
            try await hosts.cut(1)
            try await hosts.exec(2, "bash", "-c", Self.killSSHD)
            try await hosts.crash(3)
            try await hosts.boot(3)
            let reasons = [["in time", "no route"], ["nothing listens"], ["host key"]]
            for (pm, words) in zip(1...3, reasons) { try await expectUnknown(pm, with: words, fleet) }
            let before = try await records(fleet, pms: 1...3)
            for pm in 1...3 {
                try await eventually("another probe of PM \(pm)", deadline: .seconds(60), every: .milliseconds(100)) {
                    try await fleet.site.field("hvc:pm:\(pm)", "checked_at") != before[pm]?["checked_at"]
                }
                let now = try await fleet.record("hvc:pm:\(pm)")
                for figure in Self.figures { #expect(now[figure] == before[pm]?[figure], "\(figure) of PM \(pm)") }
                let answer = try await fleet.site.machine(pm)
                #expect(answer.capacity.cpu == 8 && answer.capacity.ram == 8192 && answer.free.ram > 0, "\(answer)")
            }
            #expect(try await fleet.site.field("hvc:pm:4", "state") == "up")
            let vms = try await fleet.made(atOnce: 3)
            for vm in vms { #expect(try await fleet.pm(of: vm) == "4") }
            try await fleet.unmake(vms)

            try await hosts.heal(1)
            try await hosts.control(.sshd, of: 2, .start)
            try await hosts.exec(3, "bash", "-c", Self.oldHostKey)
            try await hosts.control(.sshd, of: 3, .restart)
            for pm in 1...3 {
                try await fleet.site.waitUntilUp(pm, within: .seconds(100))
                #expect(try await fleet.site.field("hvc:pm:\(pm)", "measured_at") != before[pm]?["measured_at"])
                #expect(try await fleet.site.field("hvc:pm:\(pm)", "reason") == "")
            }
            try await fleet.unmake(try await fleet.made(atOnce: 4))
            try await fleet.expectNothingLeft()
        }
    }

    @Test("A login profile that talks and a banner: the PM is up, or says why not", .timeLimit(.minutes(3)))
    func noisy() async throws {
        try await Fleet.with(2) { fleet, _ in
            let before = try await fleet.record("hvc:pm:1")
            // sshd shows the banner to each who connects; bash reads .bashrc for each command, libvirt's pipe too.
            let noise =
                "echo Banner /etc/hostname >> /etc/ssh/sshd_config; echo 'echo welcome; export LANG=de_DE.UTF-8' "
            try await fleet.hosts.exec(1, "bash", "-c", noise + "> /root/.bashrc")
            try await fleet.hosts.crash(1)
            try await fleet.hosts.boot(1)
            try await eventually("a probe after the boot", deadline: .seconds(100), every: .milliseconds(100)) {
                let record = try await fleet.record("hvc:pm:1")
                switch record["state"] {
                case "up": return record["measured_at"] != before["measured_at"] && record["cpu"] == "8"
                case "degraded":
                    return record["reason"]?.contains("a login profile there prints") == true && record["cpu"] == "8"
                default: throw TestKitError("\(record)")
                }
            }
            let vm = try await fleet.made()
            try await fleet.unmake([vm])
            try await fleet.hosts.exec(1, "rm", "/root/.bashrc")
            try await fleet.site.waitUntilUp(1, within: .seconds(100))
            try await fleet.expectNothingLeft()
        }
    }

    /// Waits until a PM is unknown for what ssh and libvirt both said, ssh with one of the words.
    private func expectUnknown(_ pm: Int, with words: [String], _ fleet: Fleet) async throws {
        try await fleet.wait(until: "unknown", pm)
        try await eventually("PM \(pm)'s reason", deadline: .seconds(60), every: .milliseconds(100)) {
            let reason = try await fleet.site.field("hvc:pm:\(pm)", "reason") ?? ""
            guard reason.contains("ssh: "), reason.contains("libvirt: "), words.contains(where: reason.contains) else {
                throw TestKitError("it is: \(reason)")
            }
            return true
        }
    }

    private func records(_ fleet: Fleet, pms: ClosedRange<Int>) async throws -> [Int: [String: String]] {
        var records: [Int: [String: String]] = [:]
        for pm in pms { records[pm] = try await fleet.record("hvc:pm:\(pm)") }
        return records
    }

    private static let newHostKey = """
        mv /etc/ssh/host_ed25519 /etc/ssh/old
        mv /etc/ssh/host_ed25519.pub /etc/ssh/old.pub
        ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/host_ed25519
        """

    private static let oldHostKey =
        "mv /etc/ssh/old /etc/ssh/host_ed25519; mv /etc/ssh/old.pub /etc/ssh/host_ed25519.pub"

    /// The listener and all sessions, in the host's own process namespace.
    private static let killSSHD = """
        for program in /proc/[0-9]*/exe; do
          [[ $(readlink "$program") != */sshd ]] || kill -9 "${program//[!0-9]/}"
        done
        """
}
