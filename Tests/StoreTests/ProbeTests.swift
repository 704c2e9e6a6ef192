import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("Probes in the store")
struct ProbeTests {
    private static let four = Resources(cpu: 4, ram: 4096, disk: 10)
    private static let up = DiscoveryReport(
        state: .up,
        measure: PMMeasure(capacity: four, available: four),
        source: "test"
    )
    private static let silent = DiscoveryReport(state: .unknown, reason: "ssh: silent")

    private func take(_ fixture: StoreFixture, deadline: Duration = .seconds(60)) async throws -> DueProbe {
        let due = try await fixture.store.takeDueProbes(limit: 9, deadline: deadline)
        return try #require(due.probes.first)
    }

    private func record(_ fixture: StoreFixture, _ due: DueProbe, _ report: DiscoveryReport?) async throws
        -> ProbeOutcome
    {
        let finding = ProbeFinding(pm: due.pm, epoch: due.epoch, report: report, next: .seconds(60))
        return try #require(try await fixture.store.record([finding]).first)
    }

    private func version(_ fixture: StoreFixture, _ pm: Int = 1) async throws -> String? {
        try await fixture.store.redis.send(["ZSCORE", "hvc:fleet", pm]).string
    }

    @Test("What a late probe found does not overwrite a later one's, whichever of the two is written first")
    func late() async throws {
        try await StoreFixture.with { (fixture) async throws in
            for isLateFirst in [true, false] {
                try await fixture.up(1, Self.four)
                _ = try await fixture.store.redis.send(["ZADD", "hvc:discovery", 0, 1])
                let late = try await take(fixture, deadline: .zero)
                try await eventually("the deadline to be over") {
                    try await fixture.now() > (Int(late.epoch) ?? .max)
                }
                let later = try await take(fixture)
                #expect(late.epoch != later.epoch)
                if isLateFirst {
                    #expect(try await record(fixture, late, Self.silent) == .superseded)
                    guard case .recorded = try await record(fixture, later, Self.up) else {
                        throw TestKitError("not written")
                    }
                } else {
                    guard case .recorded = try await record(fixture, later, Self.up) else {
                        throw TestKitError("not written")
                    }
                    #expect(try await record(fixture, late, Self.silent) == .superseded)
                }
                #expect(try await fixture.store.machine(1.identifier())?.state == .up)
            }
        }
    }

    @Test("A probe of a PM that was listed anew meanwhile is not written: its address may be another")
    func listedAnew() async throws {
        try await StoreFixture.with(machines: ["a"]) { (fixture) async throws in
            let due = try await take(fixture)
            _ = try await fixture.store.register(machines: [PMListing(address: try PMAddress("b"))])
            _ = try await fixture.store.register(machines: [PMListing(address: try PMAddress("a"))])
            #expect(try await record(fixture, due, Self.up) == .superseded)
        }
    }

    @Test("Figures that did not change move no version and are no event; those that did are both written and published")
    func unchanged() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Self.four)
            let (before, events) = (
                try await version(fixture), try await fixture.store.redis.send(["XLEN", "hvc:events"])
            )
            let times = try await fixture.store.redis.send(["HMGET", "hvc:pm:1", "checked_at", "measured_at"]).strings
            try await eventually("the clock to go on") {
                try await fixture.up(1, Self.four)
                let due = try await take(fixture, again: true)
                #expect(due.version == before)
                guard case .recorded(let state) = try await record(fixture, due, nil) else { return false }
                #expect(state.version == before && state.state == .up)
                let now = try await fixture.store.redis.send(["HMGET", "hvc:pm:1", "checked_at", "measured_at"]).strings
                return zip(times ?? [], now ?? []).allSatisfy { $0 < $1 } && now?.count == 2
            }
            #expect(try await version(fixture) == before)
            #expect(try await fixture.store.redis.send(["XLEN", "hvc:events"]) == events)
            try await fixture.up(1, Resources(cpu: 4, ram: 4096, disk: 11))
            #expect(try await version(fixture) != before)
            #expect(try await fixture.store.redis.send(["XLEN", "hvc:events"]) == events, "it is up as before")
            try await fixture.store.record(Self.silent, of: 1.identifier(), next: .seconds(60))
            let last = try await fixture.store.redis.send(["XREVRANGE", "hvc:events", "+", "-", "COUNT", 1])
            #expect(last.array?.first?.array?.last?.strings?.contains("pm.state") == true)
        }
    }

    private func take(_ fixture: StoreFixture, again: Bool) async throws -> DueProbe {
        _ = try await fixture.store.redis.send(["ZADD", "hvc:discovery", 0, 1])
        return try await take(fixture)
    }

    @Test("PMs that do not answer have a schedule of their own, and come back to the usual one with their first answer")
    func down() async throws {
        try await StoreFixture.with(machines: (1...8).map { "host\($0)" }) { (fixture) async throws in
            let store = fixture.store
            for pm in 1...6 { try await store.record(Self.silent, of: pm.identifier(), next: .zero) }
            let usual = try await store.takeDueProbes(limit: 9, usual: 9, down: 0, deadline: .seconds(60))
            #expect(usual.probes.map(\.pm.value) == [7, 8] && usual.hasMoreDown)
            let two = try await store.takeDueProbes(limit: 9, usual: 9, down: 2, deadline: .seconds(60))
            #expect(two.probes.count == 2 && two.probes.allSatisfy { $0.isDown && $0.failures == 1 } && two.hasMoreDown)
            let pm = try #require(two.probes.first)
            #expect(try await record(fixture, pm, Self.silent) != .superseded)
            #expect(try await fixture.field("hvc:pm:\(pm.pm)", "probe_failures") == "2")
            try await fixture.up(pm.pm.value, Self.four)
            #expect(try await fixture.field("hvc:pm:\(pm.pm)", "probe_failures") == nil)
            #expect(try await store.redis.send(["ZSCORE", "hvc:discovery:down", pm.pm.value]).string == nil)
            #expect(try await store.redis.send(["ZSCORE", "hvc:discovery", pm.pm.value]).string != nil)
            let rest = try await store.takeDueProbes(limit: 3, deadline: .seconds(60))
            #expect(rest.probes.count == 3 && (rest.hasMoreDown || rest.hasMoreUsual))
        }
    }

    @Test("A PM that does not answer is due at once when the files are read anew, and when somebody asks for a probe")
    func back() async throws {
        try await StoreFixture.with(machines: ["a", "b"]) { (fixture) async throws in
            let store = fixture.store
            for pm in 1...2 { try await store.record(Self.silent, of: pm.identifier(), next: .seconds(600)) }
            #expect(try await store.takeDueProbes(limit: 9, deadline: .seconds(60)).probes.isEmpty)
            _ = try await store.register(machines: ["a", "b"].map { PMListing(address: try PMAddress($0)) })
            #expect(try await store.takeDueProbes(limit: 9, deadline: .seconds(60)).probes.allSatisfy(\.isDown))
            #expect(try await store.redis.send(["ZCARD", "hvc:discovery"]).int == 0)
            _ = try await store.redis.send(["ZADD", "hvc:discovery", 0, 2])
            #expect(
                try await store.takeDueProbes(limit: 9, usual: 9, down: 0, deadline: .seconds(60)).probes.count == 1
            )
            #expect(try await store.redis.send(["ZSCORE", "hvc:discovery:down", 2]).string == nil)
            _ = try await store.register(machines: [PMListing(address: try PMAddress("a"))])
            #expect(try await store.redis.send(["ZSCORE", "hvc:discovery", 2]).string == nil)
        }
    }

    @Test("Thousands of due PMs that are left to another worker hide none of those behind them")
    func leftToOthers() async throws {
        try await StoreFixture.with(machines: (1...3_000).map { "host\($0)" }) { (fixture) async throws in
            let store = fixture.store
            let now = try await fixture.now()
            for name in ["a", "b"] {
                _ = try await store.redis.send(["HSET", "hvc:worker:\(name)", "name", name])
                _ = try await store.redis.send(["ZADD", "hvc:workers", now, name])
            }
            let notes = (1...2_999).map { RedisCommand("HSET", "hvc:pm:\($0):unreached", "a", "then why") }
            _ = try await store.redis.pipeline(notes)
            _ = try await store.redis.send(["ZADD", "hvc:discovery", 1, 3_000])
            var (found, skipped) = ([Int](), DueProbes.Skipped())
            for _ in 1...4 where found.isEmpty {
                let due = try await store.takeDueProbes(limit: 4, deadline: .seconds(60), by: "a", skipping: skipped)
                found = due.probes.map(\.pm.value)
                skipped = due.skipped
            }
            #expect(found == [3_000])
        }
    }

    @Test("One broken record in a batch keeps no other from being written")
    func batch() async throws {
        try await StoreFixture.with(machines: (1...4).map { "host\($0)" }) { (fixture) async throws in
            let store = fixture.store
            _ = try await store.redis.send(["SET", "hvc:pm:2", "broken"])
            _ = try await store.redis.send(["HSET", "hvc:pm:3", "claimed_ram", "much"])
            let findings = try (1...5).map {
                ProbeFinding(pm: try $0.identifier(), report: Self.up, next: .seconds(60))
            }
            let outcomes = try await store.record(findings)
            for (number, outcome) in zip(1..., outcomes) {
                switch (number, outcome) {
                case (1, .recorded), (4, .recorded), (5, .unknown): break
                case (2...3, .broken(let failure)):
                    #expect(failure.code == .malformedRecord && failure.message.contains("hvc:pm:\(number)"))
                default: Issue.record("\(number): \(outcome)")
                }
            }
            #expect(try await fixture.field("hvc:pm:3", "state") == "unknown")
        }
    }

    @Test("The digest of a PM's VMs changes with what a probe compares of their records, and with nothing else")
    func digest() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Self.four)
            func digest() async throws -> Int { try await take(fixture, again: true).vmsDigest }
            #expect(try await digest() == 0)
            _ = try await fixture.create()
            _ = try await fixture.takeAll()
            var digests = [try await digest()]
            #expect(try await digest() == digests[0] && digests[0] != 0)
            #expect(try await fixture.store.finish(Lease(job: 1.identifier(), epoch: 1), by: "w", JobEnding()))
            digests.append(try await digest())
            _ = try await fixture.store.redis.send(["HSET", "hvc:vm:1", "name", "other"])
            #expect(try await digest() == digests[1])
            for field in ["state", "settled_at", "also_on", "drift", "state_reason"] {
                _ = try await fixture.store.redis.send(["HSET", "hvc:vm:1", field, "9"])
                digests.append(try await digest())
            }
            _ = try await fixture.store.redis.send(["SET", "hvc:vm:1", "broken"])
            digests.append(try await digest())
            #expect(Set(digests).count == digests.count, "\(digests)")
        }
    }
}
