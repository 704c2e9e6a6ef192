import Foundation
import Logging
import Model
import NIOConcurrencyHelpers
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("Looking for the addresses of guests")
struct GuestWatchTests {
    /// A PM in memory.
    private final class FakePM: GuestDriver {
        struct State {
            var network = NetworkSummary(
                name: "lab",
                isActive: true,
                startsByItself: true,
                subnets: [],
                isRouted: true,
                hasDHCP: true
            )
            var isSilent = false
            var rounds = 0
            var asked: [UUID] = []
            var answers: [UUID: AgentAnswer] = [:]
            var reserved: [VMID] = []
        }

        let state = NIOLockedValueBox(State())
        /// Called within a question to an agent.
        let asking: @Sendable (UUID) async -> Void

        init(asking: @escaping @Sendable (UUID) async -> Void = { _ in }) { self.asking = asking }

        func networks() async throws(Failure) -> [NetworkSummary]? {
            let (network, isSilent) = state.withLockedValue { state in
                state.rounds += 1
                return (state.network, state.isSilent)
            }
            if isSilent { throw Failure(.machineUnreachable, "its libvirt does not answer") }
            return [network]
        }

        func reserveAddress(of vm: VirtualMachine) async throws(Failure) -> GuestAddress? {
            state.withLockedValue { state in
                state.reserved.append(vm.id)
                state.network.reservations[vm.macs[0]] = IPAddress("10.0.0.9")
            }
            return nil
        }

        func askAgent(of vm: UUID) async throws(Failure) -> AgentAnswer {
            state.withLockedValue { $0.asked.append(vm) }
            await asking(vm)
            return state.withLockedValue { $0.answers[vm] } ?? .silent("not connected")
        }
    }

    private struct Site {
        let server: RedisServer
        let store: Store
        let vms: [VirtualMachine]
        let watch: GuestWatch
        let clock: ManualClock
        let number: PMID

        /// VMs that run on PM 1.
        init(_ count: Int, pm: FakePM = FakePM(), clock: ManualClock = ManualClock()) async throws {
            server = try await RedisServer.started()
            number = try #require(PMID(1))
            self.clock = clock
            let store = Store(redis: RedisClient(configuration: server.configuration))
            self.store = store
            vms = try (1...count).map { number in
                let mac = try #require(MACAddress("52:54:00:00:00:\(number < 10 ? "0" : "")\(number)"))
                return try HypervisorFixture.vm(number, macs: [mac])
            }
            for vm in vms {
                _ = try await store.redis.send([
                    "HSET", "hvc:vm:\(vm.id)", "id", vm.id.description, "uuid", vm.uuid.uuidString.lowercased(), "name",
                    "a", "type", "1", "image", "100", "cpu", "1", "ram", "1", "disk", "1", "state", "running", "pm",
                    "1",
                    "macs", vm.macs.words,
                ])
            }
            watch = GuestWatch(store: store, clock: clock, logger: Logger(label: "test")) { _ in
                GuestWatch.Access(driver: pm)
            }
        }

        func lease(_ vm: VirtualMachine, _ text: String, of pm: FakePM) throws {
            let address = try #require(IPAddress(text))
            pm.state.withLockedValue { $0.network.leases[vm.macs[0]] = [address] }
        }

        /// A VM's guest, as a probe finds it.
        func guest(_ vm: VirtualMachine, isClaimed: Bool = true) -> GuestOnPM? {
            let uuid = vm.uuid.uuidString.lowercased()
            let domain = DomainSummary(uuid: uuid, name: vm.domainName, isActive: true, cpu: 1, ramMiB: 1, record: vm)
            return GuestOnPM(domain, among: isClaimed ? [uuid] : [])
        }

        func ip(_ vm: VirtualMachine) async throws -> String? {
            try await store.vm(vm.id)?.primaryIP?.canonical
        }

        func awaitIP(_ vm: VirtualMachine, _ text: String) async throws {
            try await goOn(until: "the address of VM \(vm.id)") { try await ip(vm) == text }
        }

        /// Lets time pass until something holds.
        func goOn(until what: String, _ holds: () async throws -> Bool) async throws {
            try await eventually(what) {
                clock.advance(by: .milliseconds(500))
                return try await holds()
            }
        }
    }

    @Test("Guests that start together cost their PM one call a round, until each has its lease, and then none")
    func together() async throws {
        let pm = FakePM()
        let site = try await Site(40, pm: pm)
        for vm in site.vms { await site.watch.started(vm.id, on: site.number) }
        try await site.goOn(until: "a first round") { pm.state.withLockedValue { $0.rounds } > 0 }
        for vm in site.vms { try site.lease(vm, "10.0.0.\(vm.id)", of: pm) }
        for vm in site.vms { try await site.awaitIP(vm, "10.0.0.\(vm.id)") }
        // Each round reads the leases of all, and the last one has found the last guest.
        try await site.goOn(until: "the end of the rounds") { await site.watch.isIdle }
        let rounds = pm.state.withLockedValue { $0.rounds }
        #expect(rounds < 40, "a call for each guest would be more")
        let events = try await site.store.redis.send(["XRANGE", "hvc:events", "-", "+"]).array ?? []
        #expect(events.count { $0.array?.last?.map?["type"] == "vm.address" } == 40)
    }

    @Test("A PM that does not answer for a while is asked again, and the address is found then")
    func silentPM() async throws {
        let pm = FakePM()
        let site = try await Site(1, pm: pm)
        pm.state.withLockedValue { $0.isSilent = true }
        await site.watch.started(site.vms[0].id, on: site.number)
        try await site.goOn(until: "two rounds without an answer") { pm.state.withLockedValue { $0.rounds } >= 2 }
        pm.state.withLockedValue { $0.isSilent = false }
        try site.lease(site.vms[0], "10.0.0.1", of: pm)
        try await site.awaitIP(site.vms[0], "10.0.0.1")
        try await site.goOn(until: "the end of the rounds") { await site.watch.isIdle }
    }

    @Test("An agent is asked only where there is no lease, and one that hangs keeps no address from others")
    func hangingAgent() async throws {
        let isHanging = AsyncStream<Void>.makeStream()
        let goesOn = AsyncStream<Void>.makeStream()
        let pm = FakePM { _ in
            isHanging.continuation.yield()
            for await _ in goesOn.stream { break }
        }
        let site = try await Site(2, pm: pm)
        await site.watch.started(site.vms[0].id, on: site.number)
        let passing = Task {
            while !Task.isCancelled {
                site.clock.advance(by: .milliseconds(500))
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        for await _ in isHanging.stream { break }
        passing.cancel()
        // What a probe finds meanwhile is written.
        var network = pm.state.withLockedValue(\.network)
        network.leases = [site.vms[1].macs[0]: [try #require(IPAddress("10.0.0.2"))]]
        let guests = site.vms.compactMap { site.guest($0) }
        await site.watch.probed(site.number, guests: guests, networks: [network], neighbours: nil)
        #expect(try await site.ip(site.vms[1]) == "10.0.0.2")
        let answer: AgentAnswer = .answered([site.vms[0].macs[0]: [try #require(IPAddress("10.0.0.1"))]])
        pm.state.withLockedValue { $0.answers[site.vms[0].uuid] = answer }
        goesOn.continuation.finish()
        try await site.awaitIP(site.vms[0], "10.0.0.1")
        #expect(pm.state.withLockedValue { $0.asked.allSatisfy { $0 == site.vms[0].uuid } })
    }

    @Test("An address that its network keeps no more is kept again at a probe, for the VM that asked for it alone")
    func lostReservation() async throws {
        let pm = FakePM()
        let site = try await Site(2, pm: pm)
        let constraints = PlacementConstraints(reservesAddress: true).json
        _ = try await site.store.redis.send(["HSET", "hvc:vm:1", "where", constraints])
        for vm in site.vms { try site.lease(vm, "10.0.0.\(vm.id)", of: pm) }
        let guests = try await site.store.vms(site.vms.map(\.id)).compactMap { $0.flatMap { site.guest($0.vm) } }
        for _ in 0..<2 {
            let network = pm.state.withLockedValue(\.network)
            await site.watch.probed(site.number, guests: guests, networks: [network], neighbours: nil)
            try await site.goOn(until: "the end of the rounds") { await site.watch.isIdle }
        }
        #expect(pm.state.withLockedValue(\.reserved) == [site.vms[0].id])
    }

    @Test("Where none is found, the record says why, and a neighbour that a probe sees later is taken")
    func none() async throws {
        let pm = FakePM()
        let site = try await Site(1, pm: pm)
        let vm = site.vms[0]
        await site.watch.started(vm.id, on: site.number)
        try await site.goOn(until: "a reason") {
            try await site.store.vm(vm.id)?.addressesReason?.contains("not connected") == true
        }
        let guest = try #require(site.guest(vm))
        let neighbours = [vm.macs[0]: [try #require(IPAddress("10.0.0.9"))]]
        await site.watch.probed(site.number, guests: [guest], networks: [], neighbours: neighbours)
        #expect(try await site.ip(vm) == "10.0.0.9")
        #expect(try await site.store.vm(vm.id)?.addressesReason == nil)
        #expect(site.guest(vm, isClaimed: false) == nil, "it has no claim there")
    }
}
