import Model
import RedisClient
import Store
import Testing

@Suite("Networks in Redis")
struct NetworkTests {
    private let lab = VMNetwork(kind: .libvirt, name: "lab")
    private let dmz = VMNetwork(kind: .bridge, name: "br0", vlan: 12)

    @Test(
        "Names stand for what the file says; without a file, for libvirt's networks; an unknown one is refused by its place"
    )
    func named() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            #expect(try await store.networks(named: ["lab"]) == [lab])
            try await store.register(networks: [("lab", lab), ("dmz", dmz)])
            #expect(try await store.networks(named: ["dmz", "lab", "dmz"]) == [dmz, lab, dmz])
            let failure = await #expect(throws: Failure.self) { try await store.networks(named: ["lab", "dmx"]) }
            #expect(failure?.code == .invalidRequest && failure?.pointer == "/networks/1")
            try await store.register(networks: [("lab", lab)])
            #expect(try await store.networks().map(\.name) == ["lab"])
        }
    }

    @Test("A VM has a MAC address for each network, all different, and a place only where they are")
    func cards() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            let accepted = try await store.enqueueCreate(
                name: "a",
                type: 1.identifier(),
                image: 100.identifier(),
                constraints: PlacementConstraints(networks: [lab, dmz, lab]),
                request: ""
            )
            let vm = try #require(try await store.vm(accepted.vm)).vm
            #expect(Set(vm.macs).count == 3 && vm.constraints.networks == [lab, dmz, lab])
            let again = try await store.enqueueCreate(
                name: "b",
                type: 1.identifier(),
                image: 100.identifier(),
                uuid: vm.uuid,
                constraints: PlacementConstraints(networks: [lab, lab]),
                request: ""
            )
            let other = try #require(try await store.vm(again.vm)).vm
            #expect(other.macs.count == 2 && Set(other.macs).isDisjoint(with: vm.macs))
        }
    }

    @Test("A PM's networks are known, known to be none, or not known")
    func ofPM() async throws {
        try await StoreFixture.with { (fixture) async throws in
            for (text, expected) in [
                ("", nil), ("-", []), ("libvirt/lab,bridge/br0", [lab, dmz.onPM]),
            ] as [(String, Set<VMNetwork>?)] {
                _ = try await fixture.store.redis.send(["HSET", "hvc:pm:1", "networks", text])
                #expect(try await fixture.store.machine(1.identifier())?.networks == expected)
            }
        }
    }
}
