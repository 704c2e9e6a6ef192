import Foundation
import RedisClient
import TestKit
import Testing

@Suite("Many jobs on one host")
struct CrowdedHostTests {
    /// The driver's own domain takes 8 GiB of the host's memory.
    private static let room = "overcommit_cpu=50 overcommit_ram=9 overcommit_disk=9"

    @Test(
        "200 jobs of three workers on one PM stay inside sshd's MaxStartups and libvirtd's max_client_requests",
        .timeLimit(.minutes(5))
    )
    func twoHundred() async throws {
        try await Fleet.with(
            1,
            workers: 3,
            addresses: Self.testDriver
        ) { fleet, workers in
            try await fleet.hosts.exec(1, "grep", "-q", "Accepted publickey", "/run/sshd.log")
            try await fleet.unmake(try await fleet.made(atOnce: 100))
            try await fleet.expectNothingLeft()
            try await expectNoComplaints(fleet, workers)
        }
    }

    @Test(
        "Real guests at once on a PM that never saw the image: one transfer, though two workers want it",
        .timeLimit(.minutes(5))
    )
    func oneTransfer() async throws {
        let folder = try TemporaryDirectory()
        // Long enough on its way for everybody to come and want it.
        let image = try HaltImage.write(to: folder.file("image.img"), size: 128 << 20)
        try await Fleet.with(1, workers: 2, image: image) { fleet, workers in
            let vms = try await fleet.made(atOnce: 12)
            let used = try await fleet.jobs().compactMap { $0["worker"] }
            #expect(Set(used) == ["worker-1", "worker-2"])
            let transfers = workers.flatMap(\.lines).filter { $0.text.contains("image sent") }
            #expect(transfers.count == 1, "\(transfers.map(\.text))")
            #expect(try await fleet.hosts.domains(1).count == 12)
            try await fleet.unmake(vms)
            try await fleet.expectNothingLeft()
            try await expectNoComplaints(fleet, workers)
        }
    }

    /// libvirt's test driver on the host, reached as its QEMU would be.
    private static func testDriver(of hosts: TestHosts) -> [String] {
        ["test+ssh://\(hosts.address(1))/default \(room)"]
    }

    /// Neither sshd nor libvirtd turned anybody away, and no worker lost a connection.
    private func expectNoComplaints(_ fleet: Fleet, _ workers: [ChildProcess]) async throws {
        let sshd = try await fleet.hosts.exec(1, "cat", "/run/sshd.log")
        #expect(!sshd.contains("MaxStartups") && !sshd.contains("exited MaxStartups"), "\(sshd)")
        let libvirtd = try await fleet.hosts.exec(1, "cat", "/var/log/libvirt/libvirtd.log")
        let complaints = libvirtd.split(separator: "\n").filter {
            $0.contains("max_client") || $0.contains("max requests")
        }
        #expect(complaints.isEmpty, "\(complaints)")
        for worker in workers {
            let lost = worker.lines.filter {
                $0.text.contains("connection lost") || $0.text.contains("no libvirt connection")
            }
            #expect(lost.isEmpty, "\(lost)")
        }
    }
}
