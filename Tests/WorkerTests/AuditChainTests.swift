import Logging
import Model
import RedisClient
import TestKit
import Testing

@testable import Store
@testable import Worker

@Suite("The audit log and its seals")
struct AuditChainTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// A log with entries of which all but the last are sealed.
    private func with(
        kept: Int = 100,
        _ body: (Store, AuditSealer) async throws -> Void
    ) async throws {
        let server = try await RedisServer.started()
        let store = Store(redis: RedisClient(configuration: server.configuration))
        let result: Result<Void, any Error>
        do {
            let sealer = Self.sealer("w", store, kept: kept)
            #expect(try await store.hold(.audit, holder: "w", for: .seconds(60)))
            try await change(store, times: 5)
            #expect(try await !sealer.sealPage())
            try await change(store, times: 1)
            result = .success(try await body(store, sealer))
        } catch { result = .failure(error) }
        await store.redis.shutdown()
        try await server.stop()
        try result.get()
    }

    private static func sealer(_ holder: String, _ store: Store, kept: Int = 100) -> AuditSealer {
        let right = SoleTaskRunner(.audit, store: store, holder: holder, lease: .seconds(60), logger: logger)
        return AuditSealer(right: right, store: store, kept: kept, logger: logger)
    }

    /// Changes by an administrator.
    private func change(_ store: Store, times: Int) async throws {
        let author = RequestAuthor(
            token: TokenID(3),
            name: "an\nna",
            project: nil,
            route: "POST /v1/queue:pause",
            request: "r"
        )
        for number in 0..<times {
            try await RequestAuthor.$current.withValue(author) { try await store.pauseQueue(reason: "\(number)") }
        }
    }

    private func verdict(_ store: Store, head: String? = nil) async throws -> AuditChain.Verdict {
        try AuditChain.verify(
            try await store.auditEntries(),
            try await store.auditSeals(),
            try await store.auditChain(),
            head: head
        )
    }

    @Test("What a request changes is an entry with who asked; what workers do of themselves is none")
    func entries() async throws {
        try await with { (store, _) async throws in
            try await store.pauseQueue(reason: "nobody")
            let entries = try await store.auditEntries()
            #expect(entries.count == 6)
            let entry = try #require(entries.first)
            #expect(entry["token"] == "3" && entry["name"] == "an\nna" && entry["route"] == "POST /v1/queue:pause")
            #expect(entry["request"] == "r" && entry["reason"] == "0" && entry["project"] == nil)
            let verdict = try await verdict(store)
            #expect(verdict.isWhole && verdict.unsealed == [entries[5].id], "\(verdict)")
        }
    }

    @Test("An entry that was altered, removed or added is named, and no other")
    func tampered() async throws {
        try await with { (store, _) async throws in
            let entries = try await store.auditEntries()
            let third = entries[2]
            _ = try await store.redis.send(["XDEL", store.keys.audit, third.id.description])
            var verdict = try await verdict(store)
            #expect(verdict.removed == [third.id] && !verdict.isWhole && verdict.altered.isEmpty, "\(verdict)")

            // The stream made anew, with another reason in the third entry.
            func rebuild(_ entries: [AuditEntry]) async throws {
                _ = try await store.redis.send(["DEL", store.keys.audit])
                for entry in entries {
                    let words =
                        [store.keys.audit, entry.id.description] + entry.fields.flatMap { [$0.name, $0.value] }
                    _ = try await store.redis.send(RedisCommand("XADD", arguments: words.map(\.redisArgument)))
                }
            }
            let altered = AuditEntry(
                id: third.id,
                fields: third.fields.map { $0.name == "reason" ? ("reason", "x") : $0 }
            )
            try await rebuild(entries.map { $0.id == third.id ? altered : $0 })
            verdict = try await self.verdict(store)
            #expect(verdict.altered == [third.id] && verdict.removed.isEmpty && verdict.added.isEmpty, "\(verdict)")

            let between = try #require(EventID("\(entries[0].id.milliseconds - 1)-0"))
            try await rebuild((entries + [AuditEntry(id: between, fields: third.fields)]).sorted { $0.id < $1.id })
            verdict = try await self.verdict(store)
            #expect(verdict.added == [between] && verdict.altered.isEmpty, "\(verdict)")
        }
    }

    @Test("A log that is cut at either end is found, with its seals or without them")
    func cut() async throws {
        try await with { (store, _) async throws in
            let entries = try await store.auditEntries()
            let head = try #require(try await store.auditChain().last?.digest)
            _ = try await store.redis.send(["XDEL", store.keys.audit, entries[4].id.description])
            #expect(try await verdict(store).removed == [entries[4].id])
            _ = try await store.redis.send(["RPOP", store.keys.auditSeals])
            var verdict = try await verdict(store)
            #expect(verdict.missingSeals == 1 && verdict.isCut, "\(verdict)")
            // Whoever makes the chain anew, too, is found by a head that was noted elsewhere.
            let last = try #require(try await store.auditSeals().last)
            let chain = ["HSET", store.keys.auditChain, "last", "\(last.entry)", "digest", last.digest, "count", "4"]
            _ = try await store.redis.send(RedisCommand(chain[0], arguments: chain.dropFirst().map(\.redisArgument)))
            #expect(try await self.verdict(store).isWhole)
            verdict = try await self.verdict(store, head: head)
            #expect(verdict.unknownHead == head && !verdict.isWhole)
            // The oldest.
            _ = try await store.redis.send(["XDEL", store.keys.audit, entries[0].id.description])
            #expect(try await self.verdict(store).removed == [entries[0].id])
        }
    }

    @Test("The oldest go beyond the limit, with their seals, and what is left is whole")
    func bounded() async throws {
        try await with(kept: 10) { (store, sealer) async throws in
            for _ in 0..<4 {
                try await change(store, times: 6)
                _ = try await sealer.sealPage()
            }
            #expect(try await store.auditEntries().count == 10)
            #expect(try await store.auditSeals().count == 10)
            let ends = try await store.auditChain()
            #expect(ends.count == 30 && ends.trimmed == 20)
            #expect(try await verdict(store) == AuditChain.Verdict())
        }
    }

    @Test("One worker seals; another one goes on when that one is gone")
    func leased() async throws {
        try await with { (store, _) async throws in
            let other = Self.sealer("v", store)
            #expect(try await !other.sealPage())
            #expect(try await verdict(store).unsealed.count == 1)
            try await store.release(.audit, holder: "w")
            let sealing = Task { await other.run() }
            try await eventually("the rest to be sealed") { try await verdict(store).unsealed.isEmpty }
            sealing.cancel()
            await sealing.value
            #expect(try await verdict(store) == AuditChain.Verdict())
        }
    }
}
