import Foundation
import RedisClient
import TestKit
import Testing

@Suite("Guests that people log in to, from the PM")
struct GuestLoginTests {
    @Test(
        "Key, host name and script are the request's; agent, power button and disks plugged in work; nothing is left",
        .timeLimit(.minutes(8))
    )
    func login() async throws {
        try await Self.withFleet { fleet in
            let hosts = fleet.hosts
            let api = try ResourceAPI(http: fleet.site.http)
            let key = try await Self.key(on: hosts)
            let script = "#!/bin/sh\necho ran >>/data/runs\nhostname >>/data/runs\n"
            let request: [String: Any] = [
                "name": "My VM", "instance_type": 1, "image_id": 100, "ssh_keys": [key], "user_data": script,
                "hostname": "web.example.org",
            ]
            let body = try JSONSerialization.data(withJSONObject: request)
            let path = "/v1/vms?wait=200&wait_for=cloud_init"
            let created = try await fleet.site.http.call(
                path,
                method: "POST",
                headers: ["Content-Type": "application/json"],
                body: String(decoding: body, as: UTF8.self),
                within: 240
            )
            #expect(created.status == 201, "\(created)")
            let vm = try #require(try JSONSerialization.jsonObject(with: Data(created.body.utf8)) as? [String: Any])
            #expect(vm["reached"] as? Bool == true, "\(created)")
            #expect((vm["ready"] as? [String: Any])?["level"] as? String == "cloud_init", "\(created)")
            let domain = try #require(vm["domain"] as? String)
            let guest = Guest(hosts: hosts, domain: domain)
            #expect(try await guest.console().contains("finished at"))
            let ready = try await api.call("GET", "/v1/vms/1?wait=60&wait_for=ssh")
            #expect(ready["reached"] as? Bool == true)
            let address = try #require(ready["primary_ip"] as? String)
            try await eventually("what the guest's agent says", deadline: .seconds(30), every: .milliseconds(100)) {
                let found = try await api.call("GET", "/v1/vms/1")["guest"] as? [String: Any]
                return found?["hostname"] as? String == "web" && found?["os"] as? String != nil
            }
            #expect(try await guest.ssh(address, "hostname; cat /data/runs").contains("web\nran\nweb"))
            let uuid = try #require(vm["uuid"] as? String)
            #expect(try await guest.ssh(address, "cat /data/.guest/instance-id").contains(uuid))

            let agent = #"{"execute":"guest-get-host-name"}"#
            let reply = try await hosts.virsh(1, "qemu-agent-command", domain, agent, "--timeout", "30")
            #expect(reply.contains(#""host-name":"web""#), "\(reply)")
            try await hosts.exec(1, "truncate", "-s", "32M", "/root/more.img")
            try await hosts.virsh(1, "attach-disk", domain, "/root/more.img", "vdc", "--live")
            try await eventually("the guest to see its new disk", deadline: .seconds(30), every: .milliseconds(100)) {
                try await guest.console().contains("disk vdc 32 MiB plugged in")
            }
            try await hosts.virsh(1, "shutdown", domain, "--mode", "acpi")
            try await eventually("the guest to switch itself off", deadline: .seconds(60), every: .milliseconds(100)) {
                try await hosts.virsh(1, "domstate", domain).contains("shut off")
            }
            try await fleet.unmake(try await fleet.vms())
            try await fleet.expectNothingLeft()
        }
    }

    @Test(
        "A guest whose agent hangs and whose script fails says so, and holds up no other guest, probe or job",
        .timeLimit(.minutes(8))
    )
    func hangingAgent() async throws {
        try await Self.withFleet { fleet in
            let api = try ResourceAPI(http: fleet.site.http)
            func make(_ name: String, _ script: String) async throws -> [String: Any] {
                let request = ["name": name, "instance_type": 1, "image_id": 100, "user_data": script] as [String: Any]
                let body = try JSONSerialization.data(withJSONObject: request)
                return try await api.call("POST", "/v1/vms?wait=120", String(decoding: body, as: UTF8.self), 201)
            }
            let stop = "until kill -STOP $(pidof qemu-ga); do sleep 1; done"
            let domain = try #require(try await make("hangs", "#!/bin/sh\n\(stop)\nexit 3\n")["domain"] as? String)
            func wait(_ vm: Int, _ level: String) async throws -> [String: Any] {
                let answer = try await fleet.site.http.call("/v1/vms/\(vm)?wait=200&wait_for=\(level)", within: 240)
                let vm = try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any]
                return try #require(vm, "\(answer)")
            }
            let failed = try await wait(1, "cloud_init")
            let outcome = failed["wait"] as? [String: String]
            #expect(outcome?["result"] == "failed" && outcome?["reason"]?.contains("status 3") == true, "\(failed)")
            #expect((failed["cloud_init"] as? [String: String])?["state"] == "error")
            #expect(try await wait(1, "ssh")["reached"] as? Bool == true)
            // It does hang: libvirt itself gets no answer within its bound.
            let agent = #"{"execute":"guest-ping"}"#
            await #expect(throws: (any Error).self) {
                try await fleet.hosts.virsh(1, "qemu-agent-command", domain, agent, "--timeout", "3")
            }
            // The PM still serves others, and the VM goes as any.
            _ = try await make("beside", "#!/bin/sh\ntrue\n")
            #expect(try await wait(2, "cloud_init")["reached"] as? Bool == true)
            #expect(try await api.call("GET", "/v1/vms/1")["guest"] == nil)
            let start = ContinuousClock.now
            try await fleet.unmake(try await fleet.vms())
            #expect(ContinuousClock.now - start < .seconds(60))
            try await fleet.expectNothingLeft()
        }
    }

    @Test("A VM of the legacy call lets the installation's keys in", .timeLimit(.minutes(8)))
    func installationKeys() async throws {
        let folder = try TemporaryDirectory()
        let name = folder.file("key")
        guard
            try await ChildProcess("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", name]).waitForExit()
                == .status(0)
        else { throw TestKitError("ssh-keygen failed") }
        try await Self.withFleet(["HVC_SSH_KEYS": name + ".pub"]) { fleet in
            let hosts = fleet.hosts
            let vm = try await fleet.made("plain")
            let guest = Guest(hosts: hosts, domain: try #require(try await fleet.site.field("hvc:vm:\(vm)", "domain")))
            let address = try await guest.booted()
            let key = try String(contentsOfFile: name, encoding: .utf8)
            try await hosts.exec(1, "bash", "-c", "umask 077; printf %s \"$0\" >/root/guest_key", key)
            #expect(try await guest.ssh(address, "hostname").contains("plain"))
            try await fleet.unmake([vm])
            try await fleet.expectNothingLeft()
        }
    }

    /// With memory for a kernel beside what the guest unpacks.
    private static let types = #""types": [{"cpu": 1, "ram": 128, "disk": 1}]"#

    /// One host for guests that boot.
    private static func withFleet(
        _ environment: [String: String] = [:],
        _ body: (Fleet) async throws -> Void
    ) async throws {
        try await Fleet.with(
            1,
            workers: 1,
            image: try await GuestImage.path(),
            types: types,
            addresses: lines,
            environment: environment
        ) { fleet, _ in try await body(fleet) }
    }

    private static func lines(_ hosts: TestHosts) -> [String] {
        hosts.lines(settings: "overcommit_cpu=8 network=default")
    }

    /// Makes a key on the host; its public half.
    private static func key(on hosts: TestHosts) async throws -> String {
        try await hosts.exec(1, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/guest_key")
        return try await hosts.exec(1, "cat", "/root/guest_key.pub").trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// A guest of a host, as seen from that host.
private struct Guest {
    let hosts: TestHosts
    let domain: String

    /// What it has written to its console.
    func console() async throws -> String {
        try await hosts.exec(1, "cat", "/var/log/libvirt/qemu/\(domain)-console.log")
    }

    /// Waits for the last line of its boot; its address, by the PM's leases.
    func booted() async throws -> String {
        try await eventually("the guest to boot", deadline: .seconds(180), every: .milliseconds(200)) {
            try await console().contains("finished at")
        }
        let addresses = try await hosts.virsh(1, "domifaddr", domain)
        let address = addresses.split(whereSeparator: \.isWhitespace).last?.split(separator: "/").first
        guard let address else { throw TestKitError("no address: \(addresses), \(try await console())") }
        return String(address)
    }

    func ssh(_ address: String, _ command: String) async throws -> String {
        try await hosts.exec(
            1,
            "ssh",
            "-F",
            "none",
            "-i",
            "/root/guest_key",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "BatchMode=yes",
            "root@\(address)",
            command
        )
    }
}
