import Foundation
import RedisClient
import TestKit
import Testing

@Suite("Upgrade of what earlier releases left", .timeLimit(.minutes(3)))
struct UpgradeTests {
    @Test("Workers go on with every job, nothing is lost and nothing is twice, and the audit is clean", arguments: [0])
    func goesOn(schema: Int) async throws {
        let folder = try TemporaryDirectory()
        let saved = SavedInstallation(schema: schema)
        var settings = try saved.writeFiles(to: folder.path).filter { $0.key != "HVC_PORT" }
        // Its real hosts are not there.
        settings["HVC_PROBE_TIMEOUT"] = "1"
        try await Installation.with(machines: [], images: [], types: "", workers: 0, environment: settings) { site, _ in
            try await saved.load(into: site.redis, in: folder.path)
            let before = try await Inventory(of: site.redis)
            let readiness = try await site.http.call("/readyz")
            #expect(readiness.status == 503 && readiness.body.contains("another schema"), "\(readiness)")
            for number in 1...2 { _ = try await site.startWorker("worker-\(number)") }
            #expect(try await site.redis.send(["GET", "hvc:schema"]).string == "2")
            try await eventually("the gateway to be ready", deadline: .seconds(10)) {
                try await site.http.call("/readyz").status == 200
            }

            // All but the destroy of a VM whose host is away.
            try await eventually("the jobs to end", deadline: .seconds(60)) {
                try await Inventory(of: site.redis).openJobs.map(\.kind) == ["destroy"]
            }
            let after = try await Inventory(of: site.redis)
            #expect(after.openJobs.map(\.state) == ["delayed"])
            for (job, record) in before.jobs where record["state"] != "delayed" {
                let state = after.jobs[job]?["state"] ?? "lost"
                #expect(["done", "failed", "dead"].contains(state), "job \(job) is \(state)")
                // Who may not fail: all but creates on the PM that fails them.
                if record["pm"] != "8", before.isOpen(record), record["vm"] != "18" {
                    #expect(state == "done", "job \(job)")
                }
            }
            for (vm, record) in before.vms {
                let state = after.vms[vm]?["state"]
                switch (record["state"] ?? "", before.openJobs.filter { $0.vm == vm }.map(\.kind).last) {
                case ("destroying", _) where record["pm"] == "3": #expect(state == "destroying")
                case (_, "destroy"): #expect(state == nil, "VM \(vm) is \(state ?? "")")
                case (_, "hold"): #expect(state == "held", "VM \(vm)")
                case (_, "create") where vm == "18": continue
                case (_, "create"): #expect(state == "running", "VM \(vm)")
                case (let earlier, _): #expect(state == earlier, "VM \(vm)")
                }
            }
            try await expectCleanAudit(site)
        }
    }

    /// What an audit finds is what somebody has to see to, and hosts that are not there.
    private func expectCleanAudit(_ site: Installation) async throws {
        struct Row: Decodable {
            let invariant: String
            let row: String
            let problem: String
        }
        let audit = try site.program("hvc-worker", ["audit", "--json"])
        _ = try await audit.waitForExit(within: .seconds(60))
        let lines = audit.text.split(separator: "\n").filter { $0.hasPrefix("[") }
        let rows = try JSONDecoder().decode([Row].self, from: Data(try #require(lines.last, "\(audit.text)").utf8))
        let faults = rows.filter { $0.invariant != "attention" && $0.invariant != "unread" }
        #expect(faults.isEmpty, "\(faults)")
    }
}

/// All jobs and VMs by their numbers.
private struct Inventory {
    struct OpenJob {
        let kind: String
        let vm: String
        let state: String
    }

    var jobs: [String: [String: String]] = [:]
    var vms: [String: [String: String]] = [:]

    init(of redis: RedisClient) async throws {
        for key in try await redis.send(["KEYS", "hvc:*"]).strings ?? [] {
            guard let match = key.wholeMatch(of: /hvc:(job|vm):(\d+)/) else { continue }
            let record = try await redis.send(["HGETALL", key]).map ?? [:]
            if match.output.1 == "job" {
                jobs[String(match.output.2)] = record
            } else {
                vms[String(match.output.2)] = record
            }
        }
    }

    func isOpen(_ job: [String: String]) -> Bool { !["done", "failed", "dead"].contains(job["state"] ?? "") }

    /// The jobs that have not ended, in their order.
    var openJobs: [OpenJob] {
        jobs.filter { isOpen($0.value) }.sorted { Int($0.key) ?? 0 < Int($1.key) ?? 0 }.map {
            OpenJob(kind: $0.value["kind"] ?? "", vm: $0.value["vm"] ?? "", state: $0.value["state"] ?? "")
        }
    }
}
