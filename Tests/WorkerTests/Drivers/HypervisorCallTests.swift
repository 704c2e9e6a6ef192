import Foundation
import Libvirt
import Model
import TestKit
import Testing
import XML

@testable import Worker

/// How many calls a PM's libvirtd is asked, by its own log.
@Suite("Hypervisor, and the calls that it makes")
struct HypervisorCallTests {
    private let files: TemporaryDirectory

    init() throws {
        files = try TemporaryDirectory()
    }

    private func calls(on host: PrivateLibvirtd, _ body: () async throws -> Void) async throws -> Int {
        let before = try host.calls()
        try await body()
        return try host.calls() - before
    }

    private func create(_ vm: VirtualMachine, over image: ImageFile, on hypervisor: LibvirtHypervisor) async throws {
        try await hypervisor.ensureNetwork(for: vm)
        try await hypervisor.ensureImage(image)
        try await hypervisor.ensureDisk(of: vm, over: image)
        try await hypervisor.ensureDefined(vm, over: image)
        try await hypervisor.ensureRunning(vm)
    }

    @Test("A create makes ten calls, a step that is repeated few more, and a destroy eight")
    func create() async throws {
        let host = try await PrivateLibvirtd.started(PrivateLibvirtd.Options(hasNetwork: true, countsCalls: true))
        let hypervisor = try HypervisorFixture.hypervisor(host.uri, network: "default")
        let image = try await HypervisorFixture.emptyImage(in: files)
        // What is looked up once a connection.
        try await create(try HypervisorFixture.vm(1), over: image, on: hypervisor)
        let vm = try HypervisorFixture.vm(2)
        let made = try await calls(on: host) { try await create(vm, over: image, on: hypervisor) }
        #expect(made == 10)
        let repeated = try await calls(on: host) { try await create(vm, over: image, on: hypervisor) }
        #expect(repeated <= 13)
        let removed = try await calls(on: host) { try await hypervisor.remove(vm) }
        #expect(removed == 8)
    }

    @Test("An inventory of a hundred domains reads a few of them anew, and each that changed", .timeLimit(.minutes(2)))
    func inventory() async throws {
        let host = try await PrivateLibvirtd.started(PrivateLibvirtd.Options(countsCalls: true))
        let hypervisor = try HypervisorFixture.hypervisor(host.uri)
        let mac = try #require(MACAddress("52:54:00:00:00:01"))
        let vms = try (1...100).map { try HypervisorFixture.vm($0, macs: [mac]) }
        try await hypervisor.perform("defining a hundred domains") { session in
            let pool = try hypervisor.pool(in: session)
            for vm in vms {
                let domain = """
                    <domain type='qemu'><name>\(vm.domainName)</name><uuid>\(vm.uuid)</uuid>
                    <metadata>\(vm.metadataElement().xmlString)</metadata>
                    <memory unit='MiB'>\(vm.needs.ram)</memory><os><type>hvm</type></os></domain>
                    """
                _ = try session.defineDomain(xml: domain)
                let disk = VolumeDescription(name: vm.diskName, format: "raw", capacity: 4096)
                _ = try pool.createVolume(xml: disk.xml)
            }
        }
        let all = Set(vms.map { Optional($0) })
        let first = try await hypervisor.inventory()
        #expect(Set(first.domains.map(\.record)) == all)
        #expect(first.domains.allSatisfy { $0.state == .stopped })
        var next: HypervisorInventory?
        let calls = try await calls(on: host) { next = try await hypervisor.inventory() }
        #expect(calls == 6 + 3 * KnownContents.rereads)
        #expect(next.map { Set($0.domains) } == Set(first.domains))
        #expect(next.map { Set($0.volumes) } == Set(first.volumes))

        // CPUs and memory of a domain that does not run, its name, whether it is there: at once, with no event heard.
        try await host.virsh("setvcpus", vms[3].domainName, "3", "--config", "--maximum")
        try await host.virsh("setvcpus", vms[3].domainName, "3", "--config")
        try await host.virsh("domrename", vms[4].domainName, "other")
        try await host.virsh("undefine", vms[5].domainName)
        let domains = try await hypervisor.inventory().domains
        func found(_ vm: VirtualMachine) -> DomainSummary? {
            domains.first { $0.uuid == vm.uuid.uuidString.lowercased() }
        }
        #expect(found(vms[3])?.cpu == 3)
        #expect(found(vms[4])?.name == "other" && found(vms[4])?.record == vms[4])
        #expect(found(vms[5]) == nil)
        #expect(domains.count == 99)
    }

    @Test("A record that is taken out of a domain's metadata is missed at the next inventory, where events are heard")
    func metadata() async throws {
        let host = try await PrivateLibvirtd.started()
        let hypervisor = try HypervisorFixture.hypervisor(host.testURI)
        let vms = try (1...30).map { try HypervisorFixture.vm($0) }
        func description(of vm: VirtualMachine, metadata: String) -> String {
            """
            <domain type='test'><name>\(vm.domainName)</name><uuid>\(vm.uuid)</uuid><metadata>\(metadata)</metadata>
            <memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>
            """
        }
        for vm in vms { try await hypervisor.define(description(of: vm, metadata: vm.metadataElement().xmlString)) }
        let isListening = AsyncStream<Void>.makeStream()
        let changes = AsyncStream<DomainChange>.makeStream()
        let watch = Task {
            try await hypervisor.watch {
                isListening.continuation.yield()
            } change: { change in
                changes.continuation.yield(change)
            }
        }
        for await _ in isListening.stream { break }
        #expect(try await hypervisor.inventory().domains.count { $0.record != nil } == 30)
        try await hypervisor.define(description(of: vms[20], metadata: ""))
        for await change in changes.stream where change.uuid == vms[20].uuid.uuidString.lowercased() { break }
        #expect(try await hypervisor.inventory().domains.count { $0.record != nil } == 29)
        watch.cancel()
        _ = try await watch.value
    }

    @Test("Starts on one PM overlap, over a few connections, which are closed when nobody uses them")
    func overlap() async throws {
        let host = try await PrivateLibvirtd.started()
        var settings = LibvirtSettings()
        settings.idleTime = .zero
        settings.lastIdleTime = .zero
        let hypervisor = try HypervisorFixture.hypervisor(host.testURI, settings: settings)
        let together = Barrier(count: settings.connections)
        // Each waits within its call for all the others: with fewer connections none would come to its end.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<settings.connections {
                group.addTask {
                    try await hypervisor.perform("call \(number)", deadline: .seconds(30)) { _ in together.wait() }
                }
            }
            try await group.waitForAll()
        }
        #expect(hypervisor.connections.count == settings.connections)
        hypervisor.closeIdle()
        #expect(hypervisor.connections.count == 0)
        _ = try await hypervisor.inventory()
        #expect(hypervisor.connections.count == 1, "one caller after another needs one connection")
    }
}

/// Holds threads until so many have come.
private final class Barrier: @unchecked Sendable {
    private let condition = NSCondition()
    private var missing: Int

    init(count: Int) {
        missing = count
    }

    /// Blocks until all have come; safe to share, since what it counts is the condition's.
    func wait() {
        condition.lock()
        defer { condition.unlock() }
        missing -= 1
        condition.broadcast()
        while missing > 0 { condition.wait() }
    }
}
