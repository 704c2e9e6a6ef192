import Foundation
import Libvirt
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("Hypervisor, when its PM fails")
struct HypervisorFaultTests {
    private let files: TemporaryDirectory

    init() throws {
        files = try TemporaryDirectory()
    }

    /// Quick to notice and to try again, as tests need it.
    private static let settings: LibvirtSettings = {
        var settings = LibvirtSettings()
        settings.keepalive = Connection.Keepalive(seconds: 1, count: 1)
        settings.retryPause = .milliseconds(200)
        settings.longestRetryPause = .milliseconds(400)
        return settings
    }()

    @Test("After a restart of libvirtd work goes on by itself, and guests have run on", .timeLimit(.minutes(3)))
    func restart() async throws {
        let host = try await PrivateLibvirtd.started()
        let hypervisor = try HypervisorFixture.hypervisor(host.uri, settings: Self.settings)
        let image = try await HypervisorFixture.emptyImage(in: files)
        let vm = try HypervisorFixture.vm(1)
        try await hypervisor.ensureImage(image)
        try await hypervisor.ensureDisk(of: vm, over: image)
        try await host.kill()
        try await host.restart()
        // The connection died and nobody told: the next call notices, and does its work over a new one.
        try await hypervisor.ensureDefined(vm, over: image)
        try await hypervisor.ensureRunning(vm)
        try await host.kill()
        let failure = await #expect(throws: Failure.self) { try await hypervisor.inventory() }
        #expect(failure?.code == .machineUnreachable)
        #expect(failure?.message.contains(host.uri) == true)
        try await host.restart()
        try await eventually("it is back", deadline: .seconds(30)) {
            try await hypervisor.inventory().domains.count == 1
        }
        #expect(try await hypervisor.inventory().domains.first?.isActive == true)
        #expect(try await hypervisor.inventory().domains.first?.record == vm)
        try await hypervisor.ensureRunning(vm)
        try await hypervisor.remove(vm)
    }

    @Test("A PM that refuses is not dialled by each call, and is found when it comes up", .timeLimit(.minutes(3)))
    func refused() async throws {
        let host = try await PrivateLibvirtd.started()
        try await host.kill()
        var settings = Self.settings
        settings.retryPause = .seconds(600)
        settings.longestRetryPause = .seconds(600)
        let log = Log()
        let patient = try HypervisorFixture.hypervisor(host.uri, settings: settings, log: log)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    let failure = await #expect(throws: Failure.self) { try await patient.inventory() }
                    #expect(failure?.code == .machineUnreachable)
                }
            }
        }
        for _ in 0..<50 {
            let failure = await #expect(throws: Failure.self) { try await patient.inventory() }
            #expect(failure?.code == .machineUnreachable)
        }
        #expect(await log.count("no libvirt connection") == 1)

        let eager = try HypervisorFixture.hypervisor(host.uri, settings: Self.settings)
        _ = await #expect(throws: Failure.self) { try await eager.inventory() }
        try await host.restart()
        try await eventually("it is found", deadline: .seconds(30)) { try await eager.inventory().domains.isEmpty }

        // Another worker has measured it since: what is placed there by that must not fail for what was before.
        _ = await #expect(throws: Failure.self) { try await patient.inventory() }
        patient.wasMeasured(at: 1)
        #expect(try await patient.inventory().domains.isEmpty)
    }

    @Test("Whoever comes to dial when another attempt has just ended finds what became of it", .timeLimit(.minutes(3)))
    func refusedAtOnce() async throws {
        var settings = Self.settings
        settings.retryPause = .seconds(600)
        settings.longestRetryPause = .seconds(600)
        for _ in 0..<200 {
            let log = Log()
            let uri = "qemu+unix:///system?socket=\(files.file("nobody"))"
            let hypervisor = try HypervisorFixture.hypervisor(uri, settings: settings, log: log)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<50 { group.addTask { _ = try? await hypervisor.inventory() } }
            }
            #expect(await log.count("no libvirt connection") == 1)
        }
    }

    @Test("A PM whose record is measured anew is dialled anew, and by that measure once", .timeLimit(.minutes(3)))
    func measuredAnew() async throws {
        var settings = Self.settings
        settings.retryPause = .seconds(600)
        settings.longestRetryPause = .seconds(600)
        let log = Log()
        let redis = RedisClient(configuration: RedisConfiguration(endpoint: .unixSocket(path: files.file("none"))))
        let machines = PMConnectionPool(
            store: Store(redis: redis, keys: Keys()),
            transferLock: SoleWorker(),
            controlDirectory: files.path,
            settings: settings,
            logger: log.logger
        )
        let listing = PMListing(address: try PMAddress("qemu+unix:///system?socket=\(files.file("nobody"))"))
        // The first one, and those with news.
        for time in [nil, nil, 7, 7, 8, 7] as [Int?] {
            let machine = PhysicalMachine(
                id: try #require(PMID(1)),
                listing: listing,
                measure: PMMeasure(capacity: .zero, available: .zero, time: time)
            )
            let hypervisor = try await machines.hypervisor(of: machine)
            _ = await #expect(throws: Failure.self) { try await hypervisor.inventory() }
        }
        #expect(await log.count("no libvirt connection") == 3)
        await redis.shutdown()
    }

    @Test("A URI that leads nowhere is a failure that names the PM")
    func wrongURI() async throws {
        let uri = "test+unix:///default?socket=/nonexistent/libvirt-sock"
        let hypervisor = try HypervisorFixture.hypervisor(uri)
        let failure = await #expect(throws: Failure.self) { try await hypervisor.inventory() }
        #expect(failure?.message.contains(uri) == true)
        #expect(failure?.cause?.isEmpty == false)
    }

    @Test("A PM that hangs costs its callers their deadline, no more threads than its own, and comes back")
    func hangs() async throws {
        let host = try await PrivateLibvirtd.started()
        let other = try await PrivateLibvirtd.started()
        var settings = Self.settings
        settings.callDeadline = .milliseconds(300)
        settings.openDeadline = .seconds(2)
        settings.keepalive = Connection.Keepalive(seconds: 2, count: 1)
        let hanging = try HypervisorFixture.hypervisor(host.uri, settings: settings)
        let healthy = try HypervisorFixture.hypervisor(other.uri, pm: 2)
        let vm = try HypervisorFixture.vm(1)
        try await eventually("both answer", deadline: .seconds(30)) {
            _ = try await hanging.inventory()
            _ = try await healthy.inventory()
            return true
        }
        try host.signal(SIGSTOP)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    let failure = await #expect(throws: Failure.self) {
                        try await hanging.ensureDefined(vm, over: Self.noImage())
                    }
                    #expect(failure?.code == .deadline || failure?.code == .machineUnreachable)
                }
            }
            group.addTask { await #expect(throws: Never.self) { try await healthy.inventory() } }
        }
        #expect(hanging.load.threads <= settings.threads)
        try host.signal(SIGCONT)
        try await eventually("it is back", deadline: .seconds(30)) { try await hanging.inventory().domains.isEmpty }
        try await eventually("no thread is stuck", deadline: .seconds(30)) { hanging.load.stuck == 0 }
    }

    @Test("A transfer whose callers have gone ends and takes its partial copy away", .timeLimit(.minutes(3)))
    func cancelledTransfer() async throws {
        let host = try await PrivateLibvirtd.started()
        let hypervisor = try HypervisorFixture.hypervisor(host.uri)
        let path = files.file("large.img")
        let create = try ChildProcess("truncate", ["-s", "64G", path])
        try await create.waitForExit()
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.write(contentsOf: Data(repeating: 0, count: 510) + [0x55, 0xAA])
        try handle.close()
        let image = try await ImageInspection(roots: []).inspect(
            Image(id: try #require(ImageID(100)), name: "large", path: path)
        )
        let transfer = Task { try await hypervisor.ensureImage(image) }
        let other = Task { try await hypervisor.ensureImage(image) }
        try await eventually("the copy grows", deadline: .seconds(30)) {
            let attributes = try FileManager.default.attributesOfItem(
                atPath: "\(host.imageDirectory)/\(image.volumeName)"
            )
            return attributes[.size] != nil
        }
        transfer.cancel()
        let failure = await #expect(throws: Failure.self) { try await transfer.value }
        #expect(failure?.code == .leaseLost)
        // Somebody still wants it.
        #expect(try await hypervisor.volumes().contains(image.volumeName))
        other.cancel()
        _ = await #expect(throws: Failure.self) { try await other.value }
        try await eventually("nothing is left", deadline: .seconds(30)) { try await hypervisor.volumes().isEmpty }
    }

    @Test("A domain that goes away between its listing and its description names no file")
    func domainThatWent() async throws {
        let host = try await PrivateLibvirtd.started()
        let hypervisor = try HypervisorFixture.hypervisor(host.testURI)
        let image = try await HypervisorFixture.emptyImage(in: files)
        let vm = try HypervisorFixture.vm(1)
        try await hypervisor.ensureImage(image)
        try await hypervisor.ensureDisk(of: vm, over: image)
        try await hypervisor.ensureDefined(vm, over: image)
        let (before, after) = try await hypervisor.perform("removing a domain") { session in
            let listed = try session.domains().filter { try $0.uuid() == vm.uuid }
            let before = try listed.map { try $0.descriptions().count }
            for domain in listed { try domain.undefine() }
            return (before, try listed.map { try $0.descriptions().count })
        }
        #expect(before == [2])
        #expect(after == [0])
    }

    private static func noImage() throws -> ImageFile {
        let id = try #require(ImageID(100))
        let image = Image(id: id, name: "none", path: "/none")
        return ImageFile(image: image, format: .raw, fileSize: 1, virtualSize: 1, fingerprint: "0-0")
    }
}
