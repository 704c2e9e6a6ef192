import Foundation
import RedisClient
import TestKit
import Testing

@Suite("A VM on a real machine")
struct RealGuestTests {
    private let types = #"{'types': [{'cpu': 1, 'ram': 128, 'disk': 1}, {'cpu': 64, 'ram': 128, 'disk': 1},]}"#

    @Test("It boots, is reported by every call, is found by virsh, and goes without a trace", .timeLimit(.minutes(5)))
    func life() async throws {
        let machine = try await PrivateLibvirtd.started()
        let image = try await GuestImage.path()
        try await Installation.with(
            machines: [machine.uri],
            images: [image],
            types: types,
            workers: 2
        ) { site, _ in
            let created = try await site.http.call("/vm/create?name=hello&instance_type=1&image_id=100")
            #expect(created.body == #"{"vmid":1}"# && created.status == 200, "\(created)")
            let domain = try #require(try await site.field("hvc:vm:1", "domain"))
            try await eventually("the guest to boot", deadline: .seconds(120), every: .milliseconds(200)) {
                machine.console(of: domain).contains("hvc-guest: ready")
            }
            #expect(try await machine.virsh("domstate", domain).contains("running"))
            #expect(try await machine.virsh("dumpxml", domain).contains("https://hypervisor-coordinator"))
            let query = try await site.http.call("/vm/query?vmid=1")
            #expect(query.body == #"{"vmid":1,"name":"hello","instance_type":1,"pmid":1}"#)
            #expect(try await site.machine(1).vms == 1)
            let none = try await site.http.call("/vm/create?name=big&instance_type=2&image_id=100")
            #expect(none.status == 409 && none.body == #"{"vmid":0}"#, "\(none)")
            #expect(none.headers["x-hvc-code"] == "no_capacity")
            let destroyed = try await site.http.call("/vm/destroy?vmid=1")
            #expect(destroyed.body == #"{"status":1}"#, "\(destroyed)")
            #expect(try await site.http.call("/vm/query?vmid=1").body == "0")
            // The other worker may be at its probe of the domain type.
            #expect(try await !machine.virsh("list", "--all", "--name").contains(domain))
            #expect(try await !machine.virsh("vol-list", "default").contains(domain))
            #expect(try await site.machine(1).vms == 0)
        }
        try await machine.stop()
    }

    @Test("An image that cannot be used fails with its reason and leaves nothing", .timeLimit(.minutes(3)))
    func badImages() async throws {
        let machine = try await PrivateLibvirtd.started()
        let folder = try TemporaryDirectory()
        let text = folder.file("text.qcow2")
        try "no disk".write(toFile: text, atomically: true, encoding: .utf8)
        try await Installation.with(
            machines: [machine.uri],
            images: [text, folder.file("missing.qcow2")],
            types: types,
            workers: 1
        ) { site, _ in
            for image in [100, 101] {
                let answer = try await site.http.call("/vm/create?name=a&instance_type=1&image_id=\(image)")
                #expect(answer.status == 422 && answer.body == #"{"vmid":0}"#, "\(answer)")
                #expect(answer.headers["x-hvc-code"] == "image_unusable")
            }
            #expect(
                try await machine.virsh("list", "--all", "--name").trimmingCharacters(in: .whitespacesAndNewlines) == ""
            )
            #expect(try await site.machine(1).vms == 0)
            #expect(try await site.redis.send(["KEYS", "hvc:vm:*"]).array?.isEmpty == true)
        }
        try await machine.stop()
    }
}
