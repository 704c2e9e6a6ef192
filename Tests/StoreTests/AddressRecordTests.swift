import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

extension ReconcileTests {
    private func finding(_ vm: VirtualMachine, _ texts: [String], reason: String? = nil) throws -> AddressFinding {
        let mac = try #require(vm.macs.first)
        let addresses = try texts.map {
            GuestAddress(try #require(IPAddress($0)), source: .lease, scope: .pm, mac: mac)
        }
        return AddressFinding(vm: vm.id, uuid: vm.uuid, addresses: addresses, reason: reason)
    }

    @Test("Addresses are written and told once, each with the time since when it is known, and count for one run")
    func addresses() async throws {
        try await withRunningVM { (fixture, known) async throws in
            let store = fixture.store
            let (vm, pm) = (known.vm, try 1.identifier() as PMID)
            #expect(try await store.note([finding(vm, [], reason: "no lease")], on: pm) == [vm.id])
            let none = try #require(try await store.vm(vm.id))
            #expect(none.addressesReason == "no lease" && none.hasCurrentAddresses && none.primaryIP == nil)
            #expect(try await events(fixture, "vm.address").isEmpty)

            #expect(try await store.note([finding(vm, ["192.0.2.7"])], on: pm) == [vm.id])
            let first = try #require(try await store.vm(vm.id))
            #expect(first.primaryIP?.canonical == "192.0.2.7" && first.addressesReason == nil)
            let since = try #require(first.addresses.first?.since)
            // Nothing new.
            #expect(try await store.note([finding(vm, ["192.0.2.7"])], on: pm) == [vm.id])
            #expect(try await store.vm(vm.id)?.version == first.version)
            #expect(try await store.note([finding(vm, ["192.0.2.7", "fd00::7"])], on: pm) == [vm.id])
            let second = try #require(try await store.vm(vm.id))
            #expect(second.addresses.map(\.address.canonical) == ["192.0.2.7", "fd00::7"])
            #expect(second.addresses.first?.since == since)
            #expect(second.version == known.version, "what is found is no change of the record's owner")
            #expect(try await events(fixture, "vm.address").count == 2)

            // It stops and starts again: what is known is of before.
            var before = VMState.running
            for state in [VMState.stopped, .running] {
                let seen = try await observation(fixture, vm)
                #expect(try await store.recordState(state, at: seen, insteadOf: before))
                before = state
                #expect(try await store.vm(vm.id)?.primaryIP == nil)
            }
            #expect(try await store.note([finding(vm, ["192.0.2.7", "fd00::7"])], on: pm) == [vm.id])
            let again = try #require(try await store.vm(vm.id))
            #expect(again.primaryIP?.canonical == "192.0.2.7" && (again.addresses.first?.since ?? "") > since)
            #expect(try await events(fixture, "vm.address").count == 2)
        }
    }

    @Test("Addresses of a VM that is elsewhere, another, off or broken are not written, and stop no others")
    func foreignAddresses() async throws {
        try await withRunningVM { (fixture, known) async throws in
            let store = fixture.store
            let vm = known.vm
            #expect(try await store.note([finding(vm, ["192.0.2.7"])], on: 2.identifier()).isEmpty)
            let other = AddressFinding(vm: vm.id, uuid: .init(), addresses: [], reason: "x")
            let missing = AddressFinding(vm: try 9.identifier(), uuid: .init(), addresses: [], reason: "x")
            _ = try await store.redis.send(["SET", "hvc:vm:8", "no hash"])
            let broken = AddressFinding(vm: try 8.identifier(), uuid: .init(), addresses: [], reason: "x")
            let all = try [other, missing, broken, finding(vm, ["192.0.2.7"])]
            #expect(try await store.note(all, on: 1.identifier()) == [vm.id])
            #expect(try await store.redis.send(["EXISTS", "hvc:vm:9"]).int == 0)
            let seen = try await observation(fixture, vm)
            #expect(try await store.recordState(.stopped, at: seen, insteadOf: .running))
            #expect(try await store.note([finding(vm, ["192.0.2.8"])], on: 1.identifier()).isEmpty)
        }
    }
}
