import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("Claims as records")
struct ClaimRecordTests {
    private static let four = Resources(cpu: 4, ram: 4096, disk: 10)

    @Test("A claim is the amount of its VM, and what it says is freed, whatever the VM's record says by then")
    func changedNeeds() async throws {
        try await withPlaced(1) { (fixture) async throws in
            let redis = fixture.store.redis
            #expect(try await redis.send(["HGETALL", "hvc:pm:1:claims"]).map == ["vm:1": "1,512,1"])
            #expect(try await fixture.store.finish(Lease(job: 1.identifier(), epoch: 1), by: "w", JobEnding()))
            _ = try await redis.send(["HSET", "hvc:vm:1", "cpu", 3, "ram", 2048])
            _ = try await fixture.store.enqueueDestroy(1.identifier(), request: "r")
            _ = try await fixture.takeAll()
            #expect(try await fixture.store.finish(Lease(job: 2.identifier(), epoch: 1), by: "w", JobEnding()))
            #expect(try await redis.send(["EXISTS", "hvc:pm:1:claims"]).int == 0)
            let machine = try #require(try await fixture.store.machine(1.identifier()))
            #expect(machine.claimed == .zero && machine.vmCount == 0)
        }
    }

    @Test(
        "A VM whose record is broken, or lost while the index has it, keeps its claim when claims are counted anew",
        arguments: [
            ["SET", "hvc:vm:1", "x"], ["HSET", "hvc:vm:1", "ram", "much"], ["HDEL", "hvc:vm:1", "pm"],
            ["DEL", "hvc:vm:1"],
        ]
    )
    func brokenVM(_ change: [String]) async throws {
        try await withPlaced(2) { (fixture) async throws in
            let redis = fixture.store.redis
            if change[0] == "SET" { _ = try await redis.send(["DEL", change[1]]) }
            let command = RedisCommand(change[0], arguments: change.dropFirst().map(\.redisArgument))
            _ = try await redis.send(command, timeout: nil)
            _ = try await redis.send(["HSET", "hvc:pm:1", "claimed_cpu", 0, "vms", 7])
            #expect(try await fixture.store.repairClaims(of: 1.identifier()))
            let machine = try #require(try await fixture.store.machine(1.identifier()))
            #expect(machine.claimed == Resources(cpu: 2, ram: 1024, disk: 2) && machine.vmCount == 2)
        }
    }

    @Test("A job's claim counts until the job has ended, and is no VM")
    func jobs() async throws {
        try await withPlaced(1) { (fixture) async throws in
            let redis = fixture.store.redis
            _ = try await redis.send(["HSET", "hvc:pm:1:claims", "job:1", "2,100,3", "job:99", "1,1,1"])
            _ = try await redis.send(["HSET", "hvc:job:1", "claim_pm", 1])
            #expect(try await fixture.store.repairClaims(of: 1.identifier()))
            #expect(try await redis.send(["HGET", "hvc:pm:1", "job_claims"]).string == "1")
            let machine = try #require(try await fixture.store.machine(1.identifier()))
            #expect(machine.claimed == Resources(cpu: 3, ram: 612, disk: 4) && machine.vmCount == 1)
            #expect(try await fixture.store.vms(on: 1.identifier())?.map(\.value) == [1])
            #expect(try await fixture.store.finish(Lease(job: 1.identifier(), epoch: 1), by: "w", JobEnding()))
            #expect(try await fixture.store.repairClaims(of: 1.identifier()))
            #expect(try await redis.send(["HKEYS", "hvc:pm:1:claims"]).strings == ["vm:1"])
            #expect(try await redis.send(["HEXISTS", "hvc:pm:1", "job_claims"]).int == 0)
        }
    }

    @Test("Claims that are lost are made anew at the next probe, and nothing of the PM is free until then")
    func lost() async throws {
        try await withPlaced(3) { (fixture) async throws in
            let redis = fixture.store.redis
            _ = try await redis.send(["HDEL", "hvc:pm:1:claims", "vm:1", "vm:2"])
            let before = try #require(try await fixture.store.machine(1.identifier())).claimed
            try await fixture.up(1, Self.four)
            #expect(try await redis.send(["HLEN", "hvc:pm:1:claims"]).int == 3)
            #expect(try await fixture.store.machine(1.identifier())?.claimed == before)
        }
    }

    /// A PM on which creates were placed.
    private func withPlaced(_ count: Int, _ body: (StoreFixture) async throws -> Void) async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Self.four)
            for _ in 1...count { _ = try await fixture.create() }
            _ = try await fixture.takeAll()
            try await body(fixture)
        }
    }
}
