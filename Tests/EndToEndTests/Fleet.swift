import Foundation
import RedisClient
import TestKit

/// An installation on test hosts, and what the tests of faults ask of it.
struct Fleet {
    /// One type, small: many of them fit on a host, and their guests cost the machine next to nothing.
    static let types = #""types": [{"cpu": 1, "ram": 64, "disk": 1}]"#

    let hosts: TestHosts
    let site: Installation

    /// Runs a body on an installation whose PMs are hosts of its own, each up before the body begins.
    ///
    /// - Parameters:
    ///   - count: how many hosts.
    ///   - workers: how many workers.
    ///   - image: the image; nil for the one whose guests halt at once.
    ///   - types: the content of the flavor file; its first type is what `create` asks for.
    ///   - addresses: the lines of the PM file; nil for the hosts' QEMU, each with room to spare.
    ///   - environment: more settings of the gateway and the workers.
    ///   - body: what to do.
    /// - Throws: what the body throws; ``TestKitError`` where something does not come up.
    static func with(
        _ count: Int,
        workers: Int = 2,
        image: String? = nil,
        types: String = Fleet.types,
        addresses: ((TestHosts) -> [String])? = nil,
        environment: [String: String] = [:],
        _ body: (Fleet, [ChildProcess]) async throws -> Void
    ) async throws {
        let folder = try TemporaryDirectory()
        let image = try image ?? HaltImage.write(to: folder.file("halt.img"))
        try await TestHosts.with(count) { hosts in
            let settings = hosts.environment.merging(["HVC_DISCOVERY_PERIOD": "1"]) { _, new in new }
            try await Installation.with(
                machines: addresses?(hosts) ?? hosts.lines(settings: "overcommit_cpu=8"),
                images: [image],
                types: types,
                workers: workers,
                environment: settings.merging(environment) { _, new in new }
            ) { site, processes in
                for pm in 1...count { try await site.waitUntilUp(pm) }
                try await body(Fleet(hosts: hosts, site: site), processes)
            }
        }
    }

    /// Asks for a VM.
    func create(_ name: String = "vm", within limit: Int = 150) async throws -> HTTPAnswer {
        try await site.http.call("/vm/create?name=\(name)&instance_type=1&image_id=100", within: limit)
    }

    /// Makes a VM.
    ///
    /// - Returns: its number.
    /// - Throws: where the answer is not that it runs.
    func made(_ name: String = "vm") async throws -> Int {
        let answer = try await create(name)
        let vm = try JSONDecoder().decode(CreateAnswer.self, from: Data(answer.body.utf8)).vmid
        guard answer.status == 200, vm > 0 else { throw TestKitError("create \(name): \(answer)") }
        return vm
    }

    /// Makes VMs, all at once.
    ///
    /// - Returns: their numbers, in the order of the answers.
    func made(atOnce count: Int) async throws -> [Int] {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...count { group.addTask { try await made("vm\(number)") } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// Asks for the end of a VM.
    func destroy(_ vm: Int) async throws -> HTTPAnswer { try await site.http.call("/vm/destroy?vmid=\(vm)") }

    /// Destroys VMs, all at once.
    ///
    /// - Throws: where an answer is not that it is gone.
    func unmake(_ vms: [Int]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for vm in vms {
                group.addTask {
                    let answer = try await destroy(vm)
                    guard answer.status == 200, answer.body == #"{"status":1}"# else {
                        throw TestKitError("destroy \(vm): \(answer)")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// All fields of a record.
    func record(_ key: String) async throws -> [String: String] {
        let fields = try await site.redis.send(["HGETALL", key]).strings ?? []
        return Dictionary(
            stride(from: 0, to: fields.count - 1, by: 2).map { (fields[$0], fields[$0 + 1]) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The records of all jobs.
    func jobs() async throws -> [[String: String]] {
        var jobs: [[String: String]] = []
        for key in try await site.redis.send(["KEYS", "hvc:job:*[0-9]"]).strings ?? [] {
            jobs.append(try await record(key))
        }
        return jobs
    }

    /// How long a job took from its acceptance to its end.
    static func seconds(of job: [String: String]) throws -> Double {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let start = try style.parse(job["accepted_at"] ?? "")
        return try style.parse(job["finished_at"] ?? "").timeIntervalSince(start)
    }

    /// Waits until a PM's record says so.
    func wait(until state: String, _ pm: Int, within limit: Duration = .seconds(100)) async throws {
        do {
            try await eventually("PM \(pm) to be \(state)", deadline: limit, every: .milliseconds(100)) {
                try await site.field("hvc:pm:\(pm)", "state") == state
            }
        } catch {
            throw TestKitError("\(error); its record: \(try await record("hvc:pm:\(pm)"))")
        }
    }

    /// The numbers of all VMs.
    func vms() async throws -> [Int] {
        (try await site.redis.send(["ZRANGE", "hvc:vms", "0", "-1"]).strings ?? []).compactMap { Int($0) }
    }

    /// The PM of a VM.
    func pm(of vm: Int) async throws -> String? { try await site.field("hvc:vm:\(vm)", "pm") }

    /// What is left on a host that makes up a VM: domains, and volumes that are no image.
    func remains(on host: Int) async throws -> [String] {
        let domains = try await hosts.domains(host).filter { $0.hasPrefix("hvc-") }
        return domains + (try await hosts.volumes(host)).filter { !$0.hasPrefix("hvc-image-") }
    }

    /// Waits until no VM has left anything: no record, no claim, no job under way, nothing on the hosts.
    func expectNothingLeft(within limit: Duration = .seconds(30)) async throws {
        let redis = site.redis
        try await eventually("nothing to be left of jobs", deadline: limit, every: .milliseconds(100)) {
            for key in ["hvc:queue", "hvc:queue:returned", "hvc:queue:direct", "hvc:leases", "hvc:delayed"] {
                guard try await redis.send(["EXISTS", key]).int == 0 else { throw TestKitError("\(key) has entries") }
            }
            for pattern in ["hvc:vm:*", "hvc:processing:*", "hvc:pm:*:claims"] {
                let keys = try await redis.send(["KEYS", pattern]).strings ?? []
                guard keys.isEmpty else { throw TestKitError("there are \(keys)") }
            }
            return true
        }
        for pm in 1...hosts.count {
            let record = try await record("hvc:pm:\(pm)")
            for field in ["vms", "claimed_cpu", "claimed_ram", "claimed_disk"] where record[field, default: "0"] != "0"
            {
                throw TestKitError("PM \(pm): \(field) is \(record[field] ?? "")")
            }
            let remains = try await remains(on: pm)
            guard remains.isEmpty else { throw TestKitError("host \(pm) still has \(remains)") }
        }
    }
}
