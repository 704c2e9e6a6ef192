import Foundation
import NIOConcurrencyHelpers
import RedisClient
import TestKit
import Testing

@Suite("hvc-worker audit")
struct AuditCommandTests {
    private struct Row: Decodable {
        let invariant: String
        let row: String
        let remains: Bool
    }

    private func audit(_ drift: DriftSite, _ options: String...) async throws -> (status: Int32, text: String) {
        let child = try drift.site.program("hvc-worker", ["audit"] + options)
        guard case .status(let status) = try await child.waitForExit(within: .seconds(60)) else {
            throw TestKitError("audit: \(child.text)")
        }
        return (status, child.text)
    }

    @Test("Beside workers that are busy all is well", .timeLimit(.minutes(3)))
    func well() async throws {
        try await DriftSite.with(2) { (drift) async throws in
            _ = try await drift.made()
            // Whatever is under way while it looks is no difference.
            let isOver = NIOLockedValueBox(false)
            async let churned = churn(drift, until: isOver)
            for _ in 0..<3 {
                let audit = try await audit(drift)
                #expect(audit.status == 0 && audit.text == "all is well", "\(audit)")
            }
            #expect(try await audit(drift, "--json").text == "[]")
            isOver.withLockedValue { $0 = true }
            #expect(try await churned > 0)
        }
    }

    /// Makes and destroys VMs; returns how many.
    private func churn(_ drift: DriftSite, until isOver: NIOLockedValueBox<Bool>) async throws -> Int {
        var count = 0
        while !isOver.withLockedValue({ $0 }) {
            try await drift.destroy(try await drift.made())
            count += 1
        }
        return count
    }

    @Test("It names each difference by its row, and repairs what can be repaired without harm", .timeLimit(.minutes(3)))
    func repairs() async throws {
        try await DriftSite.with(environment: ["HVC_WAIT": "20"]) { (drift) async throws in
            let (redis, machine) = (drift.site.redis, drift.machines[0])
            let vm = try await drift.made()
            for worker in drift.workers { _ = try await worker.kill() }
            async let lost = drift.made("lost")
            try await eventually("the create to be accepted") { try await redis.send(["LLEN", "hvc:queue"]).int == 1 }
            _ = try await redis.send(["DEL", "hvc:queue"])
            _ = try await redis.send(["HSET", "hvc:pm:1", "claimed_ram", "9"])
            let orphan = "hvc-77-0123abcd.qcow2"
            try await machine.virsh("vol-create-as", "default", orphan, "1M")
            try await machine.virsh("vol-create-as", "default", "others.qcow2", "1M")
            try await machine.virsh("destroy", drift.domain(vm))

            let rows = [
                "hvc:pm:1", "hvc:job:2", "hvc:vm:\(vm)", "PM 1, disk \(orphan)",
            ]
            let told = try await audit(drift, "--json")
            #expect(told.status == 1)
            let found = try JSONDecoder().decode([Row].self, from: Data(told.text.utf8))
            #expect(Set(found.map(\.row)) == Set(rows), "\(told.text)")
            #expect(Set(found.map(\.invariant)) == ["I1", "I2", "I3", "I4"])

            let first = try await audit(drift, "--repair")
            #expect(first.status == 1)
            let lines = first.text.split(separator: "\n")
            #expect(lines.filter { $0.hasSuffix(": repaired") }.count == 2, "\(first.text)")
            #expect(try await drift.disks().contains(orphan), "it may be somebody's who makes it just now")
            let second = try await audit(drift, "--repair", "--all")
            #expect(second.text.contains("disk \(orphan)"), "\(second.text)")
            #expect(try await !drift.disks().contains(orphan))
            #expect(try await machine.virsh("vol-list", "default").contains("others.qcow2"))

            // Its PM is due for a probe, and the job is on the queue again.
            _ = try await drift.site.startWorker("heir")
            try await drift.wait(for: vm, ["state": "stopped"])
            #expect(try await lost == 2)
            let last = try await audit(drift)
            #expect(last.status == 0, "\(last.text)")
            #expect(try await drift.domains().count == 2)
        }
    }

    @Test("A PM that cannot be read is reported, and without Redis it says what to do", .timeLimit(.minutes(2)))
    func unread() async throws {
        try await DriftSite.with { (drift) async throws in
            try await drift.machines[0].kill()
            let audit = try await audit(drift)
            #expect(audit.status == 1 && audit.text.contains("unread  hvc:pm:1: it could not be read"), "\(audit)")
            try await drift.site.redisServer.kill9()
            let failed = try await self.audit(drift)
            #expect(failed.status != 0 && failed.text.contains("HVC_REDIS_URL"), "\(failed)")
            try await drift.site.redisServer.start()
            try await drift.machines[0].restart()
        }
    }
}
