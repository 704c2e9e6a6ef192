import Foundation
import Logging
import Model
import NIOConcurrencyHelpers
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("Finding whether guests are ready")
struct GuestReadinessTests {
    /// A PM in memory, whose guests have a lease each.
    private final class FakePM: GuestDriver, HostProbe {
        struct State {
            var leases: [MACAddress: [IPAddress]] = [:]
            var output: [String] = []
            var failure: Failure?
            var commands: [[String]] = []
            var asked = 0
            var networkCalls = 0
        }

        let state = NIOLockedValueBox(State())

        func networks() async throws(Failure) -> [NetworkSummary]? {
            let leases = state.withLockedValue { state in
                state.networkCalls += 1
                return state.leases
            }
            return [
                NetworkSummary(
                    name: "lab",
                    isActive: true,
                    startsByItself: true,
                    subnets: [],
                    isRouted: true,
                    hasDHCP: true,
                    leases: leases
                )
            ]
        }

        func askSystem(of vm: UUID) async throws(Failure) -> GuestSystem? {
            state.withLockedValue { $0.asked += 1 }
            return GuestSystem(hostname: "web", os: nil)
        }

        func consoleLog(of vm: VirtualMachine) -> String? { "/log/\(vm.id)" }

        func run(_ script: String, with words: [String]) async throws(Failure) -> String {
            let (output, failure) = state.withLockedValue { state in
                state.commands.append(words)
                return (state.output, state.failure)
            }
            if let failure { throw failure }
            return (["hvc-guests-1-begin-5c20e7d1", "@time 1000"] + output).joined(separator: "\n") + "\n"
        }

        func measure() async throws(Failure) -> HostMeasure { throw Failure(.internalFault, "is not asked") }
        func close() async {}

        func says(_ lines: String...) { state.withLockedValue { $0.output = lines } }
    }

    private struct Site {
        let pm = FakePM()
        let server: RedisServer
        let store: Store
        let watch: GuestWatch
        let clock = ManualClock()
        let vms: [VMID]
        let number: PMID

        init(_ count: Int, seed: String? = "hostname=", hasProbe: Bool = true) async throws {
            server = try await RedisServer.started()
            number = try #require(PMID(1))
            let store = Store(redis: RedisClient(configuration: server.configuration))
            self.store = store
            vms = try (1...count).map { try #require(VMID($0)) }
            for vm in vms {
                let mac = try #require(MACAddress("52:54:00:00:00:0\(vm)"))
                let record = try HypervisorFixture.vm(vm.value, macs: [mac])
                var fields = [
                    "id", vm.description, "uuid", record.uuid.uuidString.lowercased(), "name", "a", "type", "1",
                    "image", "100", "cpu", "1", "ram", "1", "disk", "1", "state", "running", "pm", "1",
                    "macs", [mac].words,
                    "running_at", "2026-01-01T00:00:00.000Z",
                ]
                if let seed { fields += ["seed", seed] }
                _ = try await store.redis.send(
                    RedisCommand("HSET", arguments: (["hvc:vm:\(vm)"] + fields).map(\.redisArgument))
                )
                let address = try #require(IPAddress("10.0.0.\(vm)"))
                pm.state.withLockedValue { $0.leases[mac] = [address] }
            }
            let access = GuestWatch.Access(driver: pm, probe: hasProbe ? pm : nil)
            watch = GuestWatch(store: store, clock: clock, logger: Logger(label: "test")) { _ in access }
        }

        var commands: Int { pm.state.withLockedValue { $0.commands.count } }

        func start() async { for vm in vms { await watch.started(vm, on: number) } }

        func readiness(_ vm: Int = 1) async throws -> GuestReadiness? {
            try await store.vm(#require(VMID(vm)))?.currentReadiness
        }

        /// Lets time pass until something holds.
        func goOn(
            until what: String,
            by step: Duration = .milliseconds(500),
            _ holds: () async throws -> Bool
        ) async throws {
            try await eventually(what) {
                clock.advance(by: step)
                return try await holds()
            }
        }
    }

    @Test("Guests that boot together cost their PM one command a round, until each is ready; its agent is asked once")
    func together() async throws {
        let site = try await Site(5)
        await site.start()
        try await site.goOn(until: "three rounds") { site.commands >= 3 }
        let commands = site.pm.state.withLockedValue(\.commands)
        #expect(commands.allSatisfy { $0.count == 20 }, "four words for each of five guests: \(commands)")
        #expect(commands[0].prefix(4) == ["1", "10.0.0.1", "/log/1", "0"])
        site.pm.says(
            "@ssh 1 SSH-2.0-a",
            "@log 1 Cloud-init v. 1 finished at now",
            "@size 1 9000",
            "@ssh 2 SSH-2.0-b",
            "@log 3 a.py[ERROR]: broken",
            "@size 3 1"
        )
        try await site.goOn(until: "the first to be ready") {
            let found = try await site.readiness()
            let isDone = found?.cloudInit == CloudInit(.done) && found?.system?.hostname == "web"
            return isDone && found?.banner == "SSH-2.0-a"
        }
        #expect(try await site.readiness(2)?.banner == "SSH-2.0-b")
        #expect(try await site.readiness(2)?.cloudInit == nil)
        try await site.goOn(until: "the third to run") { try await site.readiness(3)?.cloudInit?.state == .running }
        try await site.goOn(until: "what is known to be asked no more") {
            let last = site.pm.state.withLockedValue(\.commands).last ?? []
            return !last.contains("/log/1") && !last.contains("10.0.0.2") && last.contains("/log/2")
        }
        site.pm.says("@denied 2", "@ssh 3 SSH-2.0-c", "@log 3 hvc-guest: v. 1 finished at now", "@size 3 2")
        try await site.goOn(until: "the third to fail") {
            try await site.readiness(3)?.cloudInit == CloudInit(.error, error: "broken")
        }
        let second = try await site.readiness(2)?.cloudInit
        #expect(second?.state == .unknown && second?.error?.contains("right to read") == true)
        site.pm.says("@ssh 4 SSH-2.0-d", "@ssh 5 SSH-2.0-e", "@denied 4", "@denied 5")
        try await site.goOn(until: "the end of the rounds") { await site.watch.isIdle }
        #expect(site.pm.state.withLockedValue(\.asked) == 5)
        // The addresses were known at first.
        #expect(site.pm.state.withLockedValue(\.networkCalls) < site.pm.state.withLockedValue(\.commands.count))
    }

    @Test("A PM whose commands fail is spared them for a while, and its guests' addresses are found all the same")
    func failing() async throws {
        let site = try await Site(1)
        site.pm.state.withLockedValue { $0.failure = Failure(.machineUnreachable, "no answer") }
        await site.start()
        try await site.goOn(until: "the address") { try await site.store.vm(site.vms[0])?.primaryIP != nil }
        let start = site.clock.now
        try await site.goOn(until: "a minute") { site.clock.now - start > .seconds(60) }
        #expect((2...5).contains(site.pm.state.withLockedValue { $0.commands.count }))
        site.pm.state.withLockedValue { $0.failure = nil }
        site.pm.says("@ssh 1 SSH-2.0-a", "@log 1 Cloud-init v. 1 finished at now", "@size 1 9")
        try await site.goOn(until: "the end") { try await site.readiness()?.cloudInit == CloudInit(.done) }
    }

    @Test("A guest that is never ready is left alone after a while; one that is started again is followed anew")
    func bounded() async throws {
        let site = try await Site(1)
        await site.start()
        try await site.goOn(until: "the end of the rounds", by: .seconds(5)) { await site.watch.isIdle }
        #expect(site.pm.state.withLockedValue { $0.commands.count } < 120)
        site.pm.says("@ssh 1 SSH-2.0-a", "@log 1 Cloud-init v. 1 finished at now", "@size 1 9")
        await site.start()
        try await site.goOn(until: "the end") { try await site.readiness()?.cloudInit == CloudInit(.done) }
        // A run of before: another start, of which nothing is known yet.
        site.pm.says()
        _ = try await site.store.redis.send(["HSET", "hvc:vm:1", "running_at", "2999-01-01T00:00:00.000Z"])
        #expect(try await site.readiness() == GuestReadiness.none)
        let commands = site.pm.state.withLockedValue { $0.commands.count }
        await site.start()
        try await site.goOn(until: "more rounds") { site.commands > commands }
        #expect(site.pm.state.withLockedValue { $0.commands.last } == ["1", "10.0.0.1", "/log/1", "0"])
    }

    @Test("Without a seed disk nothing is read of cloud-init; without ssh to the PM it is said that nothing can be")
    func unreadable() async throws {
        let site = try await Site(1, seed: nil)
        site.pm.says("@ssh 1 SSH-2.0-a")
        await site.start()
        try await site.goOn(until: "the end of the rounds") { await site.watch.isIdle }
        #expect(site.pm.state.withLockedValue { $0.commands.allSatisfy { $0[2] == "-" } })
        #expect(try await site.readiness()?.banner == "SSH-2.0-a")
        let deaf = try await Site(1, hasProbe: false)
        await deaf.start()
        try await deaf.goOn(until: "the end of the rounds", by: .seconds(5)) { await deaf.watch.isIdle }
        #expect(try await deaf.readiness()?.cloudInit?.state == .unknown)
    }
}
