import Logging
import Model
import NIOConcurrencyHelpers
import RedisClient
import Store
import TestKit
import Testing

@Suite("Migration of the records to the schema of this release")
struct MigrationTests {
    @Test("Nothing is lost and nothing is twice, though each worker that migrates is killed behind its first page")
    func killedAtEachPage() async throws {
        try await withSaved(0) { store in
            let before = try await Records(of: store.redis)
            let sets = try await members(of: store.redis, before)
            var workers = 0
            while try await store.schema() != RecordSchema.current {
                workers += 1
                try #require(workers < 100)
                try? await migration(of: store, "w\(workers)", pages: 1).run()
                // As ten seconds later.
                if try await store.redis.send(["EXISTS", "hvc:schema:migration"]).int == 1 {
                    _ = try await store.redis.send(["HSET", "hvc:schema:migration", "until", 0])
                }
            }
            #expect(workers > 8, "a page a PM at least")
            let after = try await Records(of: store.redis)
            // What a worker could not reach runs out.
            for (key, record) in before.hashes where !key.hasSuffix(":unreached") {
                var record = record
                if key.wholeMatch(of: /hvc:vm:\d+/) != nil { record["project"] = "default" }
                #expect(after.hashes[key] == record, "\(key)")
            }
            #expect(
                Set(after.hashes.keys).subtracting(before.hashes.keys)
                    == Set(sets.keys.map { "hvc:pm:\($0):claims" } + ["hvc:project:default"])
            )
            let vms = before.hashes.filter { $0.key.wholeMatch(of: /hvc:vm:\d+/) != nil }.values
            let cpus = vms.compactMap { $0["cpu"].flatMap { Int($0) } }.reduce(0, +)
            let usage = try await store.project(.default)?.usage
            #expect(usage?.vms == vms.count && usage?.needs.cpu == cpus, "\(usage as Any)")
            #expect(after.others.filter { $0.hasSuffix(":vms") && $0 != "hvc:vms" } == [])
            #expect(before.others.subtracting(after.others).subtracting(sets.keys.map { "hvc:pm:\($0):vms" }) == [])
            for (pm, vms) in sets {
                let claims = after.hashes["hvc:pm:\(pm):claims"] ?? [:]
                #expect(Set(claims.keys) == Set(vms.map { "vm:\($0)" }))
                for vm in vms {
                    let needs = ["cpu", "ram", "disk"].compactMap { before.hashes["hvc:vm:\(vm)"]?[$0] }
                    #expect(claims["vm:\(vm)"] == needs.joined(separator: ","))
                }
            }
            #expect(try await store.redis.send(["ZCARD", "hvc:tombstones"]).int == 3)
            #expect(try await store.redis.send(["EXISTS", "hvc:schema:migration"]).int == 0)
        }
    }

    @Test("What the claim of a VM without a readable record was is derived from the sums, so that its claim is kept")
    func brokenRecords() async throws {
        try await withSaved(0) { store in
            _ = try await store.redis.send(["HSET", "hvc:vm:7", "ram", "many"])
            _ = try await store.redis.send(["DEL", "hvc:vm:15"])
            try await migration(of: store, "w").run()
            #expect(try await store.redis.send(["HGET", "hvc:pm:4:claims", "vm:7"]).string == "1,64,1")
            #expect(try await store.redis.send(["HGET", "hvc:pm:5:claims", "vm:15"]).string == "1,64,1")
        }
    }

    @Test(
        "A second worker waits for the one that migrates, takes over where that one is silent, and the first one stops"
    )
    func takenOver() async throws {
        try await withSaved(0) { store in
            let first = migration(of: store, "first", pages: 2)
            await #expect(throws: Failure.self) { try await first.run() }
            let asked = try await scriptCalls(store)
            let second = Task { try await migration(of: store, "second").run() }
            // It asks again and again, and waits for the first one, who lives by its lock.
            try await eventually("it to ask again") { try await scriptCalls(store) >= asked + 3 }
            #expect(try await store.redis.send(["HGET", "hvc:schema:migration", "worker"]).string == "first")
            _ = try await store.redis.send(["HSET", "hvc:schema:migration", "until", 0])
            try await second.value
            #expect(try await store.schema() == RecordSchema.current)
            try await migration(of: store, "first").run()
        }
    }

    @Test("VMs of schema 1 are found by name, state and group afterwards, as if they had always been")
    func index() async throws {
        try await withSaved(0) { store in
            try await migration(of: store, "w").run()
            let names = ["hvc:vms:index", "hvc:groups"]
            let before = try await members(of: names, store)
            #expect(before[0].count == 3 * (try await store.redis.send(["ZCARD", "hvc:vms"]).int ?? 0))
            #expect(!before[1].isEmpty)
            let running = try await store.vms(VMFilter(state: .running), after: nil, limit: 100).records
            #expect(!running.isEmpty && running.allSatisfy { $0.state == .running })
            // As schema 1 left them.
            _ = try await store.redis.send(["DEL", "hvc:vms:index", "hvc:groups"])
            _ = try await store.redis.send(["SET", "hvc:schema", "1"])
            try await migration(of: store, "w").run()
            let after = try await members(of: names, store)
            #expect(after == before)
        }
    }

    @Test("Records of a later schema are left alone; an empty Redis is of this one, and keeps out programs of before")
    func others() async throws {
        try await withSaved(nil) { store in
            try await migration(of: store, "w").run()
            #expect(try await store.schema() == RecordSchema.current)
            #expect(
                try await store.redis.send(["GET", "hvc:gone"]).string?.contains("schema \(RecordSchema.current)")
                    == true
            )
            _ = try await store.redis.send(["SET", "hvc:schema", RecordSchema.current + 1])
            let refusal = await #expect(throws: Failure.self) { try await migration(of: store, "w").run() }
            #expect(refusal?.code == .invalidRequest && refusal?.message.contains("newer") == true)
        }
    }

    @Test("Nothing is accepted while the records are of another schema")
    func notAccepted() async throws {
        try await withSaved(0) { store in
            let refusal = await #expect(throws: Failure.self) { try await create(store) }
            #expect(refusal?.code == .notReady && refusal?.message.contains("schema") == true)
            await #expect(throws: Failure.self) {
                try await store.enqueueDestroy(#require(VMID(5)), request: "r")
            }
            try await migration(of: store, "w").run()
            _ = try await create(store)
            _ = try await store.enqueueDestroy(#require(VMID(5)), request: "r")
        }
    }

    private func create(_ store: Store) async throws -> Acceptance {
        try await store.enqueueCreate(
            name: "a",
            type: #require(TypeID(1)),
            image: #require(ImageID(100)),
            constraints: .none,
            request: "r"
        )
    }

    /// How many scripts Redis has run.
    private func scriptCalls(_ store: Store) async throws -> Int {
        let text = try await store.redis.send(["INFO", "commandstats"]).string ?? ""
        return text.firstMatch(of: /cmdstat_evalsha:calls=(\d+)/).flatMap { Int($0.1) } ?? 0
    }

    /// A migration; with a number of pages the worker dies behind them.
    private func migration(of store: Store, _ worker: String, pages: Int = .max) -> Migration {
        let left = NIOLockedValueBox(pages)
        return Migration(
            store: store,
            worker: worker,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            pause: .milliseconds(10)
        ) { () async throws(Failure) in
            let isDead = left.withLockedValue {
                $0 -= 1
                return $0 <= 0
            }
            if isDead { throw Failure(.deadline, "killed") }
        }
    }

    private func withSaved(_ schema: Int?, _ body: (Store) async throws -> Void) async throws {
        let server = try await RedisServer.started()
        let redis = RedisClient(configuration: server.configuration)
        let result: Result<Void, any Error>
        do {
            if let schema { try await SavedInstallation(schema: schema).load(into: redis) }
            result = .success(try await body(Store(redis: redis)))
        } catch { result = .failure(error) }
        await redis.shutdown()
        try await server.stop()
        try result.get()
    }

    private func members(of names: [String], _ store: Store) async throws -> [[String]] {
        var members: [[String]] = []
        for name in names { members.append(try await store.redis.send(["ZRANGE", name, "0", "-1"]).strings ?? []) }
        return members
    }

    /// The VMs of each PM as schema 0 has them.
    private func members(of redis: any RedisExecutor, _ records: Records) async throws -> [String: [String]] {
        var found: [String: [String]] = [:]
        for key in records.others {
            guard let match = key.wholeMatch(of: /hvc:pm:(\d+):vms/) else { continue }
            found[String(match.output.1)] = try await redis.send(["SMEMBERS", key]).strings
        }
        return found
    }

    /// All hashes, and the names of all other keys.
    private struct Records {
        var hashes: [String: [String: String]] = [:]
        var others: Set<String> = []

        init(of redis: any RedisExecutor) async throws {
            for key in try await redis.send(["KEYS", "*"]).strings ?? [] {
                if try await redis.send(["TYPE", key]).string == "hash" {
                    hashes[key] = try await redis.send(["HGETALL", key]).map
                } else {
                    others.insert(key)
                }
            }
        }
    }
}
