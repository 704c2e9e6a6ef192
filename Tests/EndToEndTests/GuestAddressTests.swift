import Foundation
import RedisClient
import TestKit
import Testing

@Suite("The address of a guest on a real machine")
struct GuestAddressTests {
    private struct VM: Decodable {
        struct Address: Decodable {
            let address: String
            let source: String
            let scope: String
            let via: Int?
            let mac: String
        }
        let reached: Bool?
        let primaryIp: String?
        let addresses: [Address]
        let addressesReason: String?
        let nics: [[String: String]]
    }

    @Test(
        "One call answers with the lease that libvirt's network gave the VM's own MAC address",
        .timeLimit(.minutes(5))
    )
    func lease() async throws {
        let machine = try await PrivateLibvirtd.started(PrivateLibvirtd.Options(hasNetwork: true))
        try await Installation.with(
            machines: [machine.uri],
            images: [try await GuestImage.path()],
            types: #""types": [{"cpu": 1, "ram": 128, "disk": 1}]"#,
            workers: 2,
            environment: ["HVC_NETWORK": "default"]
        ) { site, _ in
            let created = try await site.http.call("/vm/create?name=hello&instance_type=1&image_id=100")
            #expect(created.status == 200, "\(created)")
            let answer = try await site.http.call("/v1/vms/1?wait_for=address&wait=150", within: 200)
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let vm = try decoder.decode(VM.self, from: Data(answer.body.utf8))
            let address = try #require(vm.addresses.first, "\(answer)")
            #expect(vm.reached == true && vm.primaryIp == address.address && vm.addressesReason == nil)
            #expect(address.address.hasPrefix("192.168.122.") && address.source == "lease")
            #expect(address.scope == "pm" && address.via == 1)
            #expect(vm.nics.map { $0["mac"] } == [address.mac])
            let domain = try #require(try await site.field("hvc:vm:1", "domain"))
            #expect(try await machine.virsh("domiflist", domain).contains(address.mac))
            #expect(try await machine.virsh("net-dhcp-leases", "default").contains(address.address))
            #expect(try await machine.virsh("dumpxml", domain).contains("org.qemu.guest_agent.0"))
            _ = try await site.http.call("/vm/destroy?vmid=1")
        }
        try await machine.stop()
    }
}
