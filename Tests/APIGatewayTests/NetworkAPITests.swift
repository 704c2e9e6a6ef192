import API
import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("Networks by the API")
struct NetworkAPITests {
    private let lab = VMNetwork(kind: .libvirt, name: "lab")
    private let dmz = VMNetwork(kind: .bridge, name: "br0", vlan: 12)

    @Test("A VM gets a card for each network that its request names; networks are listed by name")
    func create() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            try await gateway.store.register(networks: [("lab", lab), ("dmz", dmz)])
            let body = #"{"name":"a","instance_type":1,"image_id":100,"networks":["dmz","lab"]}"#
            #expect(try await gateway.http.call("/v1/vms", method: "POST", body: body).status == 202)
            let answer = try await gateway.http.call("/v1/vms/1")
            let vm = try JSONDecoder().decode(VMResponse.self, from: Data(answer.body.utf8))
            #expect(vm.nics.map(\.network) == [dmz, lab] && Set(vm.nics.map(\.mac)).count == 2)
            #expect(vm.primaryIP == nil && vm.addressesReason == "the VM is queued")

            let list = try await gateway.http.call("/v1/networks?limit=1")
            #expect(list.body.contains(#""name":"dmz""#) && list.body.contains(#""vlan":12"#), "\(list)")
            #expect(!list.body.contains(#""name":"lab""#) && list.body.contains("next_cursor"))
        }
    }

    @Test("VMs of a batch, holds and what is tried out are attached to networks, too, and keep their addresses")
    func others() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            try await gateway.store.register(networks: [("lab", lab), ("dmz", dmz)])
            _ = try await gateway.store.redis.send(["HSET", "hvc:pm:1", "networks", lab.description])
            let entry = #"{"name":"a","instance_type":1,"image_id":100,"networks":["lab","lab"],"address":"reserve"}"#
            let batch = try await gateway.http.call("/v1/batches", method: "POST", body: "{\"vms\":[\(entry)]}")
            #expect(batch.status == 202, "\(batch)")
            let hold = #"{"instance_type":1,"image_id":100,"expires_in_s":60,"networks":["dmz"],"address":"reserve"}"#
            #expect(try await gateway.http.call("/v1/holds", method: "POST", body: hold).status == 202)
            for (id, networks) in [(1, [lab, lab]), (2, [dmz])] {
                let vmID = try #require(VMID(id))
                let vm = try #require(try await gateway.store.vm(vmID)).vm
                #expect(vm.constraints.networks == networks && vm.constraints.reservesAddress)
                #expect(Set(vm.macs).count == networks.count)
            }
            for (name, fits) in [("lab", true), ("dmz", false)] {
                let body = #"{"instance_type":1,"image_id":100,"networks":["\#(name)"]}"#
                let answer = try await gateway.http.call("/v1/placements:dry-run", method: "POST", body: body)
                #expect(answer.status == 200 && answer.body.contains(#""pm_id":1"#) == fits, "\(answer)")
            }
            let wrong = #"{"vms":[{"name":"a","instance_type":1,"image_id":100,"networks":["dmx"]}]}"#
            let refused = try await gateway.http.call("/v1/batches", method: "POST", body: wrong)
            #expect(refused.status == 400 && refused.body.contains("/vms/0/networks/0"), "\(refused)")
        }
    }

    @Test("An address that is kept for the VM is shown before the guest runs, and as long as the VM is there")
    func reserved() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            let body = #"{"name":"a","instance_type":1,"image_id":100,"address":"reserve"}"#
            #expect(try await gateway.http.call("/v1/vms", method: "POST", body: body).status == 202)
            let id = try #require(VMID(1))
            let vm = try #require(try await gateway.store.vm(id)).vm
            #expect(vm.constraints.reservesAddress)
            for (field, text) in [
                ("addresses", "192.0.2.7 reserved pm \(vm.macs[0]) 2026-01-01T00:00:00.000Z"),
                ("addressed_at", "2026-01-01T00:00:00.000Z"), ("state", "running"), ("pm", "1"),
                ("running_at", "2026-01-01T00:00:01.000Z"),
            ] { _ = try await gateway.store.redis.send(["HSET", "hvc:vm:1", field, text]) }
            let answer = try await gateway.http.call("/v1/vms/1?wait_for=address&wait=5")
            let shown = try JSONDecoder().decode(VMResponse.self, from: Data(answer.body.utf8))
            #expect(shown.primaryIP == "192.0.2.7" && shown.addresses.first?.source == .reserved)
            #expect(shown.reached == true)
        }
    }

    @Test("A name that the networks_file does not have is refused at its place, and so are networks within placement")
    func refused() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            try await gateway.store.register(networks: [("lab", lab)])
            for (fields, place) in [
                (#""networks":["lab","dmx"]"#, "/networks/1"), (#""networks":[]"#, "/networks"),
                (#""placement":{"networks":["bridge/br0/7"]}"#, "/placement/networks"),
                (#""placement":{"reserve_address":true}"#, "/placement/reserve_address"),
            ] {
                let body = #"{"name":"a","instance_type":1,"image_id":100,"# + fields + "}"
                let answer = try await gateway.http.call("/v1/vms", method: "POST", body: body)
                #expect(answer.status == 400 && answer.body.contains(#""\#(place)""#), "\(answer)")
            }
        }
    }
}
