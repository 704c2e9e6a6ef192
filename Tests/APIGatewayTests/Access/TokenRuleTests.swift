import Foundation
import Logging
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("The rules for tokens, without Redis")
struct TokenRuleTests {
    private func snapshot(_ digests: [String], last: Int) throws -> TokenSnapshot {
        let tokens = try digests.map { digest in
            AccessToken(
                id: try #require(TokenID(1)),
                name: digest,
                role: .viewer,
                digest: digest,
                createdAt: "",
                expiresAt: nil
            )
        }
        return TokenSnapshot(tokens: tokens, suspension: nil, lastNumber: last, time: 0)
    }

    @Test(
        "A Redis that went back is noticed, and a change that people make is none",
        arguments: [
            // What is there at each reading, with the last number; whether the last one went back.
            ([(["a"], 1), (["a", "b"], 2), (["b"], 2), ([], 2), (["c"], 3)], false),
            ([(["a", "b"], 2), (["a"], 2), (["a", "b"], 2)], true),
            ([(["a", "b"], 2), (["a"], 1)], true),
            // It lost all data, and new tokens were made.
            ([(["a", "b"], 2), ([], 0), (["c"], 1)], false),
            // It lost all data, and an older copy was restored.
            ([(["a", "b"], 2), ([], 0), (["a"], 1)], true),
        ]
    )
    func history(readings: [([String], Int)], wentBack: Bool) throws {
        var history = TokenHistory()
        var last: String?
        for (digests, number) in readings { last = history.note(try snapshot(digests, last: number)) }
        #expect((last != nil) == wentBack)
    }

    @Test("By what an earlier run kept in its file it is noticed that Redis went back; a broken file is a fault")
    func kept() async throws {
        let directory = try TemporaryDirectory()
        let file = TokenHistoryFile(path: directory.file("history"))
        var history = try await file.read()
        #expect(history == TokenHistory())
        for (digests, number) in [(["a", "b"], 2), (["a"], 2)] {
            #expect(history.note(try snapshot(digests, last: number)) == nil)
        }
        try await file.write(history)
        var later = try await file.read()
        #expect(later.note(try snapshot(["a", "b"], last: 2)) != nil)
        later = try await file.read()
        #expect(later.note(try snapshot(["a"], last: 2)) == nil)
        try "{".write(toFile: file.path, atomically: true, encoding: .utf8)
        do throws(Failure) {
            _ = try await file.read()
            Issue.record("what cannot be read was read")
        } catch { #expect(error.message.contains("HVC_TOKEN_HISTORY")) }
    }

    @Test("What is remembered of revoked tokens is bounded")
    func bounded() throws {
        var history = TokenHistory()
        for number in 1...3 * TokenHistory.limit { _ = history.note(try snapshot(["\(number)"], last: number)) }
        #expect(history.note(try snapshot(["new"], last: 3 * TokenHistory.limit + 1)) == nil)
    }

    @Test("A bucket holds two seconds' worth of calls and fills by the rate")
    func rate() throws {
        let limit = RateLimit(perSecond: 5)
        let start = ContinuousClock.now
        func taken(_ count: Int, at time: Duration, as caller: Caller) -> Int {
            (0..<count).filter { _ in
                do throws(Failure) { try limit.take(caller, at: start + time) } catch { return false }
                return true
            }.count
        }
        let other = Caller(name: "b", role: .viewer)
        #expect(taken(100, at: .zero, as: .configured) == 10)
        #expect(taken(100, at: .zero, as: other) == 10)
        #expect(taken(100, at: .seconds(1), as: .configured) == 5)
        #expect(taken(100, at: .seconds(60), as: .configured) == 10)
        let none = RateLimit(perSecond: 0)
        for _ in 0..<1000 { try none.take(.local) }
    }

    @Test("Before tokens are known, nobody is let in for one")
    func unknown() throws {
        let redis = RedisClient(configuration: RedisConfiguration(endpoint: .unixSocket(path: "/nowhere")))
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let store = Store(redis: redis)
        let table = TokenTable(store: store, feed: EventFeed(store: store, logger: logger), logger: logger)
        do throws(Failure) {
            _ = try table.caller(with: .of("hvc_a"))
            Issue.record("a token was taken")
        } catch { #expect(error.code == .storeUnavailable) }
    }
}
