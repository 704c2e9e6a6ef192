import Foundation
import Model
import RedisClient
import Store
import Testing

@Suite("MAC addresses of VMs")
struct MACAddressTests {
    /// UUIDs that are alike in their last six digits.
    private static let uuids = (1...3).compactMap { UUID(uuidString: "0000000\($0)-0000-4000-8000-000000FFFFFF") }

    @Test("No two VMs get the same one, also where their UUIDs end alike")
    func unique() async throws {
        try await StoreFixture.with { (fixture) async throws in
            var macs: [String] = []
            for uuid in Self.uuids {
                let vm = try await create(fixture, uuid)
                macs.append(try #require(try await fixture.store.vm(vm)).vm.macs.words)
            }
            #expect(macs == ["52:54:00:ff:ff:ff", "52:54:00:00:00:00", "52:54:00:00:00:01"])
            let batch = try Self.uuids.map { uuid in
                BatchCreate(name: "a", type: try 1.identifier(), image: try 100.identifier(), uuid: uuid)
            }
            let accepted = try await fixture.store.enqueueBatch(batch, isAtomic: false, request: "")
            let ids = try #require(try await fixture.store.batch(BatchID(ofFirst: accepted.job))).record.vms
            let others = try await fixture.store.vms(ids).compactMap { $0?.vm.macs.words }
            #expect(others == ["52:54:00:00:00:02", "52:54:00:00:00:03", "52:54:00:00:00:04"])
        }
    }

    @Test("One that was lost with Redis is its VM's again by its domain, and no other's")
    func adopted() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let vm = VirtualMachine(
                id: try 7.identifier(),
                uuid: Self.uuids[0],
                name: "old",
                type: try 1.identifier(),
                image: try 100.identifier(),
                needs: Resources(cpu: 1, ram: 64, disk: 1),
                macs: try #require([MACAddress](words: "52:54:00:ff:ff:ff"))
            )
            let time = try await fixture.now()
            let found = Observation(pm: try 1.identifier(), probedAt: time, vm: vm)
            #expect(try await fixture.store.adopt(found, state: .running) == .adopted)
            #expect(try await fixture.store.vm(vm.id)?.vm.macs == vm.macs)
            let next = try await create(fixture, Self.uuids[1])
            #expect(try await fixture.store.vm(next)?.vm.macs.words == "52:54:00:00:00:00")
        }
    }

    @Test("An index that is broken by hand stops no create")
    func brokenIndex() async throws {
        try await StoreFixture.with { (fixture) async throws in
            _ = try await fixture.store.redis.send(["SET", "hvc:vms:index", "x"])
            let vm = try await create(fixture, Self.uuids[0])
            #expect(try await fixture.store.vm(vm)?.vm.macs.words == "52:54:00:ff:ff:ff")
        }
    }

    private func create(_ fixture: StoreFixture, _ uuid: UUID) async throws -> VMID {
        let store = fixture.store
        return try await store.enqueueCreate(
            name: "a",
            type: try 1.identifier(),
            image: try 100.identifier(),
            uuid: uuid,
            request: ""
        ).vm
    }
}
