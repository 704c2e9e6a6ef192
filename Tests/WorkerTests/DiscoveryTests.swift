import Foundation
import Logging
import Model
import Placement
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("The discovery loop")
struct DiscoveryTests {
    /// A worker's discovery on simulated PMs.
    private struct Site {
        let server: RedisServer
        let store: Store
        let wake = WakeSignal()

        init(_ addresses: [String]) async throws {
            server = try await RedisServer.started()
            store = Store(redis: RedisClient(configuration: server.configuration))
            _ = try await store.register(machines: addresses.map { PMListing(address: try PMAddress($0)) })
        }

        func discovery(period: Duration, limit: Int = 32) -> Discovery {
            let logger = Logger(label: "test")
            let machines = PMConnectionPool(
                store: store,
                transferLock: StoreTransferLock(store: store, worker: "w"),
                controlDirectory: ControlDirectory.path(named: "hvc-test-\(UUID().uuidString.prefix(8))", in: "/tmp"),
                logger: logger
            )
            return Discovery(
                store: store,
                probe: PMProbe(
                    store: store,
                    machines: machines,
                    reconciler: Reconciler(store: store, cell: "hvc", startsAgain: false, logger: logger),
                    memory: ProbeMemory(),
                    schedule: ProbeSchedule(period: period),
                    logger: logger
                ),
                watch: DomainWatch(
                    events: { (_) async throws(Failure) in nil },
                    logger: logger,
                    report: { (_, _) async throws(Failure) in false }
                ),
                worker: "w",
                limit: limit,
                period: period,
                probeTimeout: .seconds(1),
                wake: wake,
                recordLost: { _ in },
                logger: logger
            )
        }

        func field(_ key: String, _ field: String) async throws -> String? {
            try await store.redis.send(["HGET", key, field]).string
        }

        /// Waits until each of some PMs was probed so many times from now on.
        func awaitProbes(_ count: Int, of pms: ClosedRange<Int>) async throws {
            for _ in 1...count {
                var seen: [Int: String?] = [:]
                for pm in pms { seen[pm] = try await field("hvc:pm:\(pm)", "checked_at") }
                for pm in pms {
                    try await eventually("a probe of PM \(pm)") {
                        try await field("hvc:pm:\(pm)", "checked_at") != seen[pm] ?? nil
                    }
                }
            }
        }

        /// How often Redis ran each command so far.
        func calls() async throws -> [String: Int] {
            let text = try await store.redis.send(["INFO", "commandstats"]).string ?? ""
            var calls: [String: Int] = [:]
            for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("cmdstat_") {
                let words = line.dropFirst(8).split { ":=,".contains($0) }
                calls[String(words[0])] = Int(words[2])
            }
            return calls
        }
    }

    private func withSite(_ addresses: [String], _ body: (Site) async throws -> Void) async throws {
        let site = try await Site(addresses)
        let result: Result<Void, any Error>
        do { result = .success(try await body(site)) } catch { result = .failure(error) }
        await site.store.redis.shutdown()
        try await site.server.stop()
        try result.get()
    }

    private func running(_ discovery: Discovery, _ body: () async throws -> Void) async throws {
        let task = Task { await discovery.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        task.cancel()
        try await within(.seconds(10)) { await task.value }
        try result.get()
    }

    @Test(
        "PMs at rest are probed every period with less than one script each, and nothing is read or published of them anew"
    )
    func rest() async throws {
        try await withSite((1...60).map { "simulated:///\($0)" }) { site in
            try await running(site.discovery(period: .seconds(1))) {
                try await eventually("the first probes") { try await site.field("hvc:counters", "ready_at") != nil }
                // From here on probes are on their PMs' phases.
                try await site.awaitProbes(2, of: 1...60)
                let fleet = try await site.field("hvc:counters", "fleet")
                let (before, began) = (try await site.calls(), ContinuousClock.now)
                try await site.awaitProbes(2, of: 60...60)
                let (after, took) = (try await site.calls(), (ContinuousClock.now - began) / .seconds(1))
                let probes = 60 * took
                func count(_ name: String) -> Double { Double((after[name] ?? 0) - (before[name] ?? 0)) }
                // Each probe reads the simulated PM twice, as it would ask ssh and libvirt.
                #expect(count("hgetall") < probes * 2.6, "\(count("hgetall")) of \(probes)")
                #expect(count("evalsha") < probes * 0.8, "\(count("evalsha")) of \(probes)")
                #expect(count("xadd") == 0)
                #expect(try await site.field("hvc:counters", "fleet") == fleet)
            }
        }
    }

    @Test("PMs that hang take their share of the slots, and the others are probed in their period all the same")
    func hanging() async throws {
        // Nothing answers there: ssh waits for the whole timeout.
        let dead = (1...12).map { "192.0.2.\($0)" }
        try await withSite(dead + (1...8).map { "simulated:///\($0)" }) { site in
            for pm in 1...12 {
                let silent = DiscoveryReport(state: .unknown, reason: "silent")
                try await site.store.record(silent, of: try #require(PMID(pm)), next: .zero)
            }
            try await running(site.discovery(period: .milliseconds(500), limit: 4)) {
                for _ in 1...4 {
                    let seen = try await site.field("hvc:pm:20", "checked_at")
                    try await eventually("the next probe", deadline: .seconds(3)) {
                        try await site.field("hvc:pm:20", "checked_at") != seen
                    }
                }
            }
        }
    }

    @Test("A change on the PM and a change of the record are both found, however often nothing was new before")
    func changes() async throws {
        try await withSite(["simulated:///1"]) { site in
            let store = site.store
            _ = try await store.register(types: [Resources(cpu: 1, ram: 512, disk: 1)])
            try await running(site.discovery(period: .milliseconds(200))) {
                try await eventually("the first probe") { try await site.field("hvc:counters", "ready_at") != nil }
                let vm = try await runningVM(site)
                try await site.awaitProbes(4, of: 1...1)
                #expect(try await store.vm(vm.id)?.state == .running)
                // Somebody writes something else into the record: the domain runs.
                _ = try await store.redis.send(["HSET", "hvc:vm:\(vm.id)", "state", "stopped"])
                try await eventually("the record to be corrected") { try await store.vm(vm.id)?.state == .running }
                // The domain goes, by hand.
                let domain = "domain:" + vm.uuid.uuidString.lowercased()
                _ = try await store.redis.send(["HDEL", "hvc:simulated:1", domain])
                try await eventually("it to be missed") { try await store.vm(vm.id)?.state == .missing }
            }
        }
    }

    /// A VM that runs on PM 1, made as a job makes it.
    private func runningVM(_ site: Site) async throws -> VirtualMachine {
        let store = site.store
        let facts = ImageRegistration.Facts(format: .raw, fileBytes: 1, diskBytes: 1, fingerprint: "a")
        _ = try await store.register(images: [ImageRegistration(path: "/a", name: "a", facts: facts)])
        _ = try await store.enqueueCreate(
            name: "a",
            type: try #require(TypeID(1)),
            image: try #require(ImageID(100)),
            request: ""
        )
        let snapshot = try await store.poll(since: .start, limit: 1)
        let line = try #require(snapshot.lines.first)
        let step = (line: line, action: ClaimAction.place(try #require(PMID(1)), PlacementExplanation(policy: "test")))
        _ = try await store.claim([step], headroomVersion: snapshot.headroomVersion, worker: "w", lease: .seconds(60))
        let id = try #require(VMID(1))
        let vm = try #require(try await store.vm(id)?.vm)
        let hypervisor = SimulatedHypervisor(pm: SimulatedPM(number: 1), store: store, cell: "hvc")
        let image = ImageFile(
            image: try #require(try await store.images().first),
            format: .raw,
            fileSize: 1,
            virtualSize: 1,
            fingerprint: "a"
        )
        try await hypervisor.ensureImage(image)
        try await hypervisor.ensureDisk(of: vm, over: image)
        try await hypervisor.ensureDefined(vm, over: image)
        try await hypervisor.ensureRunning(vm)
        #expect(try await store.finish(Lease(job: try #require(JobID(1)), epoch: 1), by: "w", JobEnding()))
        return vm
    }
}
