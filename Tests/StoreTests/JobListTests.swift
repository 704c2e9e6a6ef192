import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("Lists of jobs")
struct JobListTests {
    private func numbers(_ page: RecordPage<JobRecord>) -> [Int] { page.records.map(\.id.value) }

    @Test("Each page goes on where the one before ended, whatever comes meanwhile; filters are by index or by record")
    func pages() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            try await fixture.up(1, Resources(cpu: 40, ram: 40_960, disk: 100))
            for _ in 0..<12 { _ = try await fixture.create() }
            _ = try await fixture.takeAll(limit: 4)
            for job in 1...2 {
                #expect(try await store.finish(Lease(job: job.identifier(), epoch: 1), by: "w", JobEnding()))
            }
            _ = try await store.enqueueDestroy(1.identifier(), request: "other")
            var found: [Int] = []
            var before: JobID?
            repeat {
                let page = try await store.jobs(JobFilter(), before: before, limit: 5)
                found += numbers(page)
                before = page.next.flatMap { JobID($0) }
                if found.count == 5 { _ = try await fixture.create() }
            } while before != nil
            #expect(found == (1...13).reversed())
            func list(_ filter: JobFilter) async throws -> [Int] { numbers(try await store.jobs(filter, limit: 100)) }
            #expect(try await list(JobFilter(vm: 1.identifier())) == [13, 1])
            #expect(try await list(JobFilter(vm: 1.identifier(), kind: .destroy)) == [13])
            #expect(try await list(JobFilter(request: "other")) == [13])
            #expect(try await list(JobFilter(vm: 2.identifier(), request: "other")) == [])
            #expect(try await list(JobFilter(state: .done)) == [2, 1])
            #expect(try await list(JobFilter(state: .running)) == [4, 3])
            #expect(try await list(JobFilter(pm: 1.identifier(), kind: .create)) == [4, 3, 2, 1])
            #expect(try await list(JobFilter(vm: 99.identifier())) == [])
        }
    }

    @Test("A page reads 1,000 records at most, and says where the next one goes on")
    func bounded() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let script = RedisScript(
                name: "fill",
                source: """
                    for i = 1, 2500 do
                      redis.call('ZADD', KEYS[1] .. 's', 0, string.format('all:%015d', i))
                      redis.call('HSET', KEYS[1] .. ':' .. i, 'id', i, 'kind', 'create', 'vm', i, 'state', i == 7 and 'dead' or 'done')
                    end
                    """
            )
            _ = try await fixture.store.redis.eval(script, keys: ["hvc:job"])
            let filter = JobFilter(state: .dead)
            let first = try await fixture.store.jobs(filter, limit: 10)
            #expect(first.records.isEmpty && first.next == "1501")
            let second = try await fixture.store.jobs(filter, before: 1501.identifier(), limit: 10)
            #expect(second.records.isEmpty && second.next == "501")
            let third = try await fixture.store.jobs(filter, before: 501.identifier(), limit: 10)
            #expect(numbers(third) == [7] && third.next == nil)
        }
    }

    @Test("A job leaves the index with its record, also where that went by its time")
    func leaves() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 40, ram: 40_960, disk: 100))
            for _ in 0..<4 { _ = try await fixture.create() }
            _ = try await fixture.takeAll()
            let redis = fixture.store.redis
            func finish(_ job: Int, _ retention: JobRetention = JobRetention()) async throws {
                let store = Store(redis: redis, jobRetention: retention)
                #expect(try await store.finish(Lease(job: job.identifier(), epoch: 1), by: "w", JobEnding()))
            }
            #expect(try await redis.send(["ZCARD", "hvc:jobs"]).int == 16)
            for job in 1...2 { try await finish(job) }
            _ = try await redis.send(["DEL", "hvc:job:1"])
            try await finish(3)
            #expect(try await fixture.store.jobs(JobFilter(), limit: 9).records.map(\.id.value) == [4, 3, 2])
            try await finish(4, JobRetention(count: 1))
            #expect(try await redis.send(["ZRANGE", "hvc:jobs", 0, -1]).strings?.count == 4)
            #expect(try await redis.send(["LLEN", "hvc:jobs:ended"]).int == 1)
        }
    }
}
