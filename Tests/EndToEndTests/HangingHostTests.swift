import Foundation
import RedisClient
import TestKit
import Testing

@Suite("Hosts that hang while they are at work")
struct HangingHostTests {
    /// What stops a host without a word.
    enum Hang: String, CaseIterable, Sendable {
        case cable = "its cable is pulled"
        case libvirtd = "its libvirtd is frozen"
    }

    /// The driver's own domain takes 8 GiB of the host's memory.
    private static func testDriver(_ hosts: TestHosts) -> [String] {
        (1...hosts.count).map { host in
            "test+ssh://\(hosts.address(host))/default overcommit_cpu=9 overcommit_ram=9 overcommit_disk=9"
        }
    }

    @Test(
        "While one PM hangs with creates under way, creates on the other one keep their speed",
        .timeLimit(.minutes(3)),
        arguments: Hang.allCases
    )
    func lane(_ hang: Hang) async throws {
        try await Fleet.with(2, addresses: Self.testDriver, environment: ["HVC_WAIT": "0"]) { fleet, _ in
            let (before, after) = try await slowest(of: 6, before: hang, fleet)
            #expect(after < 8 * max(before, 0.5), "a create took \(before) s before, and \(after) s beside the hang")
        }
    }

    @Test(
        "More creates are under way on a PM that hangs than the workers have slots: the other PM's keep their speed",
        .timeLimit(.minutes(3))
    )
    func slots() async throws {
        let settings = ["HVC_WAIT": "0", "HVC_SLOTS": "4"]
        try await Fleet.with(2, addresses: Self.testDriver, environment: settings) { fleet, _ in
            let (before, after) = try await slowest(of: 30, before: .cable, fleet)
            #expect(after < 8 * max(before, 0.5), "a create took \(before) s before, and \(after) s beside the hang")
        }
    }

    @Test(
        "A PM is cut off while an image is on its way: the call ends with an error in time, and later all is well",
        .timeLimit(.minutes(4))
    )
    func cutInFlight() async throws {
        let folder = try TemporaryDirectory()
        // So long that the cable is pulled well before its end; the hole costs nothing on this side.
        let image = try HaltImage.write(to: folder.file("large.img"), size: 1 << 30)
        try await Fleet.with(1, image: image, environment: ["HVC_WAIT": "120"]) { fleet, workers in
            async let create = fleet.create()
            try await eventually("the image to be on its way", deadline: .seconds(60)) {
                try await fleet.hosts.volumes(1).contains { $0.hasPrefix("hvc-image-") }
            }
            try await fleet.hosts.cut(1)
            let answer = try await create
            #expect(workers.allSatisfy { !$0.text.contains("image sent") })
            #expect([502, 503, 504].contains(answer.status) && answer.body == #"{"vmid":0}"#, "\(answer)")
            #expect(["machine_unreachable", "no_machine"].contains(answer.headers["x-hvc-code"]), "\(answer)")
            try await fleet.wait(until: "unknown", 1)
            try await fleet.hosts.heal(1)
            try await fleet.site.waitUntilUp(1, within: .seconds(100))
            try await fleet.unmake([try await fleet.made()])
            try await fleet.expectNothingLeft()
        }
    }

    /// The slowest of the creates that ended on PM 2, from acceptance to end, with both PMs well and then while PM 1
    /// hangs, in seconds.
    private func slowest(of count: Int, before hang: Hang, _ fleet: Fleet) async throws -> (Double, Double) {
        // The first ones send the image.
        _ = try await ended(try await accepted(2, fleet), on: "2", fleet)
        let before = try await ended(try await accepted(count, fleet), on: "2", fleet)
        switch hang {
        case .cable: try await fleet.hosts.cut(1)
        case .libvirtd: try await fleet.hosts.control(.libvirtd, of: 1, .stop)
        }
        let after = try await ended(try await accepted(count, fleet), on: "2", fleet)
        return (before.max() ?? 0, after.max() ?? 0)
    }

    private func accepted(_ count: Int, _ fleet: Fleet) async throws -> Set<String> {
        try await withThrowingTaskGroup(of: String.self) { group in
            for number in 1...count {
                group.addTask {
                    let answer = try await fleet.create("vm\(number)")
                    let vm = try JSONDecoder().decode(CreateAnswer.self, from: Data(answer.body.utf8)).vmid
                    guard vm > 0 else { throw TestKitError("\(answer)") }
                    return String(vm)
                }
            }
            return try await group.reduce(into: []) { $0.insert($1) }
        }
    }

    /// Waits until half of the VMs run on a PM, which is its share, and tells how long each of them took.
    private func ended(_ vms: Set<String>, on pm: String, _ fleet: Fleet) async throws -> [Double] {
        var times: [Double] = []
        try await eventually("\(vms.count / 2) VMs on PM \(pm)", deadline: .seconds(120), every: .milliseconds(100)) {
            times = try await fleet.jobs().filter { job in
                job["pm"] == pm && job["state"] == "done" && vms.contains(job["vm"] ?? "")
            }.map(Fleet.seconds)
            return times.count >= vms.count / 2
        }
        return times
    }
}
