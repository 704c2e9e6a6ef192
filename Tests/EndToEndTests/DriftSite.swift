import Foundation
import RedisClient
import TestKit

/// An installation on libvirtds of its own with real guests, and what the tests of drift ask of it.
struct DriftSite {
    let site: Installation
    let machines: [PrivateLibvirtd]
    let workers: [ChildProcess]

    /// Runs a body on an installation whose PMs are all up.
    ///
    /// - Parameters:
    ///   - count: how many PMs.
    ///   - settings: what stands behind each address in the PM file.
    ///   - environment: more settings of the programs; probes are ten minutes apart by default.
    ///   - prepare: what to do on the PMs before the installation starts.
    ///   - body: what to do.
    /// - Throws: what the body throws, with the workers' logs.
    static func with(
        _ count: Int = 1,
        settings: String = "",
        environment: [String: String] = [:],
        prepare: ([PrivateLibvirtd]) async throws -> Void = { _ in },
        _ body: (DriftSite) async throws -> Void
    ) async throws {
        var machines: [PrivateLibvirtd] = []
        for _ in 0..<count { machines.append(try await PrivateLibvirtd.started()) }
        try await prepare(machines)
        let folder = try TemporaryDirectory()
        let image = try HaltImage.write(to: folder.file("halt.img"))
        try await Installation.with(
            machines: machines.map { $0.uri + " domain_type=qemu overcommit_cpu=8" + settings },
            images: [image],
            types: Fleet.types,
            workers: 2,
            environment: ["HVC_DISCOVERY_PERIOD": "600"].merging(environment) { _, new in new }
        ) { site, workers in
            for pm in 1...count { try await site.waitUntilUp(pm) }
            try await body(DriftSite(site: site, machines: machines, workers: workers))
        }
        for machine in machines { try await machine.stop() }
    }

    /// Makes a VM.
    ///
    /// - Returns: its number.
    /// - Throws: where the answer is not that it runs.
    func made(_ name: String = "vm") async throws -> Int {
        let answer = try await site.http.call("/vm/create?name=\(name)&instance_type=1&image_id=100")
        let vm = try JSONDecoder().decode(CreateAnswer.self, from: Data(answer.body.utf8)).vmid
        guard answer.status == 200, vm > 0 else { throw TestKitError("create \(name): \(answer)") }
        return vm
    }

    /// A VM's domain's name.
    func domain(_ vm: Int) async throws -> String {
        guard let name = try await site.field("hvc:vm:\(vm)", "domain") else { throw TestKitError("no VM \(vm)") }
        return name
    }

    /// The number of the PM on which a VM is: of two that were never used, the one with less load at its look.
    func pm(of vm: Int) async throws -> Int {
        guard let pm = try await site.field("hvc:vm:\(vm)", "pm").flatMap({ Int($0) }) else {
            throw TestKitError("VM \(vm) is on no PM")
        }
        return pm
    }

    /// All fields of a record.
    func record(_ key: String) async throws -> [String: String] {
        try await site.redis.send(["HGETALL", key]).map ?? [:]
    }

    /// Waits until a VM's record has these fields.
    func wait(for vm: Int, _ fields: [String: String?], within limit: Duration = .seconds(60)) async throws {
        try await eventually("VM \(vm) to be \(fields)", deadline: limit) {
            let record = try await record("hvc:vm:\(vm)")
            guard fields.allSatisfy({ record[$0.key] == $0.value }) else { throw TestKitError("it is \(record)") }
            return true
        }
    }

    /// Waits until a PM's claims are those of so many VMs, and it says so many.
    func expectClaims(_ vms: [Int]) async throws {
        for (index, count) in vms.enumerated() {
            let record = try await record("hvc:pm:\(index + 1)")
            let told = ["vms", "claimed_cpu", "claimed_ram", "claimed_disk"].map { Int(record[$0] ?? "0") }
            guard told == [count, count, count * 64, count] else {
                throw TestKitError("PM \(index + 1) holds \(told), not \(count) VMs")
            }
        }
    }

    /// The types of the events about VMs so far.
    func events() async throws -> [String] {
        let entries = try await site.redis.send(["XRANGE", "hvc:events", "-", "+"]).array ?? []
        return entries.compactMap { $0.array?.last?.map?["type"] }.filter { $0.hasPrefix("vm.") }
    }

    /// The names of a PM's domains, running or not.
    func domains(_ pm: Int = 1, _ options: String...) async throws -> [String] {
        let options = options.isEmpty ? ["--all"] : options
        return try await names(machines[pm - 1].virsh(["list", "--name"] + options))
    }

    /// The names of the disks of VMs in a PM's pool.
    func disks(_ pm: Int = 1) async throws -> [String] {
        try await names(machines[pm - 1].virsh("vol-list", "default"))
            .compactMap { $0.split(separator: " ").first.map(String.init) }
            .filter { $0.hasPrefix("hvc-") && !$0.hasPrefix("hvc-image-") }
    }

    /// Destroys a VM.
    func destroy(_ vm: Int) async throws {
        let answer = try await site.http.call("/vm/destroy?vmid=\(vm)")
        guard answer.body == #"{"status":1}"#, answer.status == 200 else {
            throw TestKitError("destroy \(vm): \(answer)")
        }
    }

    /// Destroys VMs, and checks that nothing of them is left.
    func destroyAll(_ vms: [Int]) async throws {
        for vm in vms { try await destroy(vm) }
        try await expectClaims(machines.map { _ in 0 })
        for pm in 1...machines.count {
            let left = try await domains(pm).filter { $0.hasPrefix("hvc-") } + disks(pm)
            guard left.isEmpty else { throw TestKitError("PM \(pm) still has \(left)") }
        }
    }

    /// Copies a VM's definition and its disk, with what that stands on, from one PM to another; it is started on neither.
    func copy(_ domain: String, from first: Int, to second: Int) async throws {
        let (from, to) = (machines[first - 1], machines[second - 1])
        try await to.virsh("pool-refresh", "default")
        for name in try FileManager.default.contentsOfDirectory(atPath: from.imageDirectory) {
            let target = "\(to.imageDirectory)/\(name)"
            guard !FileManager.default.fileExists(atPath: target) else { continue }
            try FileManager.default.copyItem(atPath: "\(from.imageDirectory)/\(name)", toPath: target)
        }
        let xml = to.directory.file("\(domain).xml")
        let text = try await from.virsh("dumpxml", "--inactive", domain)
        try text.write(toFile: xml, atomically: true, encoding: .utf8)
        try await to.virsh("define", xml)
        try await to.virsh("pool-refresh", "default")
    }

    private func names(_ text: String) -> [String] {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }.sorted()
    }
}
