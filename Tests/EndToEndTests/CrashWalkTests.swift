import Bootstrap
import Foundation
import Model
import RedisClient
import TestKit
import Testing

@testable import Worker

/// Kills a program at each step boundary of create and destroy, as a power loss would, and looks what comes of the job.
@Suite("A power loss at every step")
struct CrashWalkTests {
    /// Every point that a job of an operation passes: a new operation's own are added by its registration.
    ///
    /// These VMs ask for no address, so that the step that keeps one is none of theirs.
    private static func points(of operation: Model.Operation) -> [String] {
        CrashPoint.all(of: operation).map(\.name).filter { !$0.contains(".address.") }
    }

    @Test(
        "A create whose worker dies is finished by another one: one domain, one disk, one claim",
        .timeLimit(.minutes(3)),
        arguments: points(of: .create)
    )
    func create(point: String) async throws {
        try await Site.with { (site) async throws in
            let doomed = try await site.startWorker("doomed", crashingAt: point)
            async let answer = site.create()
            #expect(try await doomed.waitForExit(within: .seconds(60)) == .signal(SIGKILL), "\(doomed.text)")
            _ = try await site.startWorker("heir")
            #expect(try await answer.body == #"{"vmid":1}"#)
            #expect(try await site.field("hvc:vm:1", "state") == "running")
            try await site.expectOneGuest()
            try await site.destroyAll()
        }
    }

    @Test(
        "A destroy whose worker dies is finished by another one: nothing is left",
        .timeLimit(.minutes(3)),
        arguments: points(of: .destroy)
    )
    func destroy(point: String) async throws {
        try await Site.with { (site) async throws in
            let maker = try await site.startWorker("maker")
            #expect(try await site.create().body == #"{"vmid":1}"#)
            _ = try await maker.terminate()
            let doomed = try await site.startWorker("doomed", crashingAt: point)
            async let answer = site.installation.http.call("/vm/destroy?vmid=1")
            #expect(try await doomed.waitForExit(within: .seconds(60)) == .signal(SIGKILL), "\(doomed.text)")
            _ = try await site.startWorker("heir")
            #expect(try await answer.body == #"{"status":1}"#)
            try await site.expectNothing()
        }
    }

    @Test(
        "A create that fails and whose worker dies while it is undone, or after, fails all the same and leaves nothing",
        .timeLimit(.minutes(3)),
        arguments: ["step.disk.entered", "job.acted", "job.concluded"] + CrashPoint.undos(of: .create).map(\.name)
    )
    func failure(point: String) async throws {
        // The image is larger than the type's disk, which shows when the disk is to be made.
        try await Site.with(imageGiB: 2) { (site) async throws in
            let doomed = try await site.startWorker("doomed", crashingAt: point)
            async let answer = site.create()
            #expect(try await doomed.waitForExit(within: .seconds(60)) == .signal(SIGKILL), "\(doomed.text)")
            _ = try await site.startWorker("heir")
            #expect(try await answer.headers["x-hvc-code"] == "image_too_large")
            try await site.expectNothing()
        }
    }

    @Test(
        "A gateway that dies while it accepts leaves all of the request or nothing of it",
        .timeLimit(.minutes(3)),
        arguments: ["gateway.accepting", "gateway.accepted"]
    )
    func gateway(point: String) async throws {
        try await Site.with(gatewayCrashingAt: point) { (site) async throws in
            _ = try await site.startWorker("worker")
            await #expect(throws: (any Error).self) { try await site.create() }
            #expect(try await site.installation.gateway.waitForExit(within: .seconds(10)) == .signal(SIGKILL))
            let redis = site.installation.redis
            guard point == "gateway.accepted" else {
                #expect(try await redis.send(["KEYS", "hvc:job:*[0-9]"]).array?.isEmpty == true)
                #expect(try await redis.send(["KEYS", "hvc:vm:*"]).array?.isEmpty == true)
                return
            }
            try await eventually("the VM to run", deadline: .seconds(60)) {
                try await site.field("hvc:vm:1", "state") == "running"
            }
            try await site.expectOneGuest()
        }
    }
}

/// A gateway, a libvirtd of its own, and workers that come and go.
private struct Site {
    let installation: Installation
    let machine: PrivateLibvirtd

    static func with(
        imageGiB: Int? = nil,
        gatewayCrashingAt point: String? = nil,
        _ body: (Site) async throws -> Void
    ) async throws {
        let machine = try await PrivateLibvirtd.started()
        let folder = try TemporaryDirectory()
        let image = try await Self.image(in: folder, gibibytes: imageGiB)
        try await Installation.with(
            machines: [machine.uri + " domain_type=qemu overcommit_cpu=8"],
            images: [image],
            types: Fleet.types,
            workers: 0,
            environment: ["HVC_LEASE": "1", "HVC_TEST_CRASH": point ?? ""]
        ) { installation, _ in
            try await body(Site(installation: installation, machine: machine))
        }
        try await machine.stop()
    }

    /// An image whose guests halt, or an empty one of a size.
    private static func image(in folder: TemporaryDirectory, gibibytes: Int?) async throws -> String {
        guard let gibibytes else { return try HaltImage.write(to: folder.file("halt.img")) }
        let path = folder.file("large.qcow2")
        let create = try ChildProcess("qemu-img", ["create", "-q", "-f", "qcow2", path, "\(gibibytes)G"])
        guard try await create.waitForExit() == .status(0) else { throw TestKitError("qemu-img: \(create.text)") }
        return path
    }

    func startWorker(_ name: String, crashingAt point: String? = nil) async throws -> ChildProcess {
        try await installation.startWorker(name, environment: ["HVC_TEST_CRASH": point ?? ""])
    }

    func create() async throws -> HTTPAnswer {
        try await installation.http.call("/vm/create?name=a&instance_type=1&image_id=100")
    }

    func field(_ key: String, _ field: String) async throws -> String? {
        try await installation.field(key, field)
    }

    /// I1 to I4 for one VM that runs.
    func expectOneGuest() async throws {
        let domain = try #require(try await field("hvc:vm:1", "domain"))
        #expect(try await names("list", "--all", "--name") == [domain])
        #expect(try await names("list", "--name") == [domain])
        #expect(try await disks() == ["\(domain)-seed.iso", "\(domain).qcow2"])
        #expect(try await field("hvc:pm:1", "vms") == "1")
        #expect(try await field("hvc:pm:1", "claimed_ram") == "64")
        try await expectQuiet()
    }

    func destroyAll() async throws {
        #expect(try await installation.http.call("/vm/destroy?vmid=1").body == #"{"status":1}"#)
        try await expectNothing()
    }

    /// No domain, no disk, no claim, no record, no job under way.
    func expectNothing() async throws {
        #expect(try await names("list", "--all", "--name").isEmpty)
        #expect(try await disks().isEmpty)
        #expect(try await installation.redis.send(["KEYS", "hvc:vm:*"]).array?.isEmpty == true)
        for name in ["vms", "claimed_cpu", "claimed_ram", "claimed_disk"] {
            let value = try await field("hvc:pm:1", name) ?? "0"
            #expect(value == "0", "\(name) is \(value)")
        }
        try await expectQuiet()
    }

    /// Every job has ended and stands in no list.
    private func expectQuiet() async throws {
        let redis = installation.redis
        try await eventually("all jobs to end", deadline: .seconds(30)) {
            try await redis.send([
                "EXISTS", "hvc:queue", "hvc:queue:returned", "hvc:queue:direct", "hvc:leases", "hvc:delayed",
                "hvc:dead",
            ]).int == 0
        }
        #expect(try await redis.send(["KEYS", "hvc:processing:*"]).array?.isEmpty == true)
        for key in try await redis.send(["KEYS", "hvc:job:*[0-9]"]).strings ?? [] {
            let state = try await field(key, "state")
            #expect(["done", "failed"].contains(state), "\(key) is \(state ?? "gone")")
        }
    }

    private func disks() async throws -> [String] {
        try await names("vol-list", "default").compactMap { $0.split(separator: " ").first.map(String.init) }
            .filter { !$0.hasPrefix("hvc-image-") }.sorted()
    }

    private func names(_ arguments: String...) async throws -> [String] {
        let text = try await machine.virsh(arguments)
        return text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
}
