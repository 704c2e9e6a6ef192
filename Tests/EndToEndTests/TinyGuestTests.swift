import Foundation
import TestKit
import Testing

@Suite("The tiny guest and its seed")
struct TinyGuestTests {
    private let files: TemporaryDirectory
    private let disk: String

    init() async throws {
        files = try TemporaryDirectory()
        disk = files.file("disk.qcow2")
        try await run(
            "qemu-img",
            "create",
            "-q",
            "-f",
            "qcow2",
            "-F",
            "qcow2",
            "-b",
            try await GuestImage.path(),
            disk,
            "64M"
        )
        try await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", files.file("key"))
    }

    @Test(
        "Name, key and script are the seed's; what is in /data and the host key outlive the power, on a disk that grew",
        .timeLimit(.minutes(5))
    )
    func kept() async throws {
        let metadata = #"{"instance-id": "i-1", "local-hostname": "web", "public-keys": ["\#(try publicKey)"]}"#
        let script = "#!/bin/sh\necho \"it ran on $(hostname)\"\ndate >>/data/runs\nexit 3\n"
        let seed = try await seed(["meta-data": metadata, "user-data": script])
        let first = try await TinyGuest.booted(disk: disk, seed: seed, in: files)
        #expect(first.console.contains("it ran on web"))
        #expect(first.console.contains("[WARNING]: user data: /run/user-data ended with status 3"))
        #expect(try await login(first) == "web 1")
        let hostKey = try await hostKey(first)
        try await first.pressPowerButton()

        let again = try await TinyGuest.booted(disk: disk, seed: seed, in: files)
        #expect(!again.console.contains("it ran on web"))
        #expect(try await login(again) == "web 1")
        try await again.pressPowerButton()

        try await run("qemu-img", "resize", "-q", disk, "1G")
        let without = try await TinyGuest.booted(disk: disk, seed: nil, in: files)
        #expect(without.console.contains("Datasource DataSourceNone."))
        #expect(try await login(without) == "web 1")
        #expect(try await self.hostKey(without) == hostKey)
        #expect(Int(try await without.ssh(key: key, "df -m /data | awk 'END { print $2 }'")) ?? 0 > 900)
        try await without.pressPowerButton()
    }

    @Test(
        "A seed that cannot be read is told and stops nothing; another instance has a host key and runs of its own",
        .timeLimit(.minutes(5))
    )
    func otherSeeds() async throws {
        let good = [
            "meta-data": "instance-id: i-1\nlocal-hostname: web\npublic-keys:\n- \(try publicKey)\n", "user-data": "",
        ]
        let first = try await TinyGuest.booted(disk: disk, seed: try await seed(good), in: files)
        let hostKey = try await hostKey(first)
        try await first.pressPowerButton()

        let garbage = String(repeating: "\u{1}{:\u{7f}]", count: 10_000)
        let bad = try await seed(["meta-data": "a: &b c\n", "user-data": garbage, "network-config": garbage])
        let damaged = try await TinyGuest.booted(disk: disk, seed: bad, in: files)
        #expect(damaged.console.contains("meta-data is ignored: line 1: anchors, aliases and tags are not known"))
        #expect(damaged.console.contains("network-config is ignored: line 1"))
        #expect(try await self.hostKey(damaged) == hostKey)
        try await damaged.pressPowerButton()

        let other = try await seed([
            "meta-data": "instance-id: i-2\nlocal-hostname: meta\n",
            "user-data": """
            #cloud-config
            hostname: user
            ssh_authorized_keys: ["\(try publicKey)"]
            packages: [nginx]
            runcmd:
              - echo one >/data/ran; false
              - [sh, -c, "echo 'two  words' >>/data/ran"]

            """,
            "network-config": """
            version: 1
            config:
            - type: physical
              name: eth0
              mac_address: "52:54:00:00:00:01"
              subnets: [{type: static, address: 10.0.2.15/24, gateway: 10.0.2.2, dns_nameservers: [10.0.2.3]}]
            - type: physical
              name: eth1
              mac_address: "52:54:00:00:00:02"
              subnets:
              - type: static
                address: 10.9.9.9
                netmask: 255.255.255.128

            """,
        ])
        let clone = try await TinyGuest.booted(disk: disk, seed: other, in: files, cards: 2)
        #expect(clone.console.contains("eth0 52:54:00:00:00:01 10.0.2.15"))
        #expect(clone.console.contains("user data: not known here, and ignored: packages"))
        #expect(clone.console.contains("user data: sh ended with status 1"))
        #expect(try await self.hostKey(clone) != hostKey)
        let seen = try await clone.ssh(key: key, "hostname; cat /data/ran /etc/resolv.conf; ip -4 addr show dev eth1")
        #expect(seen.contains("user\none\ntwo  words\nnameserver 10.0.2.3\n"))
        #expect(seen.contains("inet 10.9.9.9/25 "))
        try await clone.pressPowerButton()
    }

    private var key: String { files.file("key") }

    private var publicKey: String {
        get throws {
            try String(contentsOfFile: key + ".pub", encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    /// The host's name, and how often its script ran.
    private func login(_ guest: TinyGuest) async throws -> String {
        try await guest.ssh(key: key, #"echo "$(hostname) $(grep -c . /data/runs)""#)
    }

    private func hostKey(_ guest: TinyGuest) async throws -> String {
        try await guest.ssh(key: key, "sha256sum /data/.guest/host_key")
    }

    /// A seed of FAT, as people make them by hand.
    private func seed(_ parts: [String: String]) async throws -> String {
        let path = files.file("seed.img")
        try? FileManager.default.removeItem(atPath: path)
        try await run("mkfs.fat", "-n", "CIDATA", "-C", path, "512")
        for (name, text) in parts {
            try text.write(toFile: files.file(name), atomically: true, encoding: .utf8)
            try await run("mcopy", "-i", path, files.file(name), "::/\(name)")
        }
        return path
    }

    private func run(_ program: String, _ arguments: String...) async throws {
        let child = try ChildProcess(program, arguments)
        guard try await child.waitForExit(within: .seconds(30)) == .status(0) else {
            throw TestKitError("\(program): \(child.text)")
        }
    }
}
