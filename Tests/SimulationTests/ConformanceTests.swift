import RedisClient
import TestKit
import Testing

@testable import Simulation

/// What makes the model trustworthy: it does what the scripts do.
@Suite("The model of the store")
struct ConformanceTests {
    private static let sequences = 30
    private static let length = 60
    /// Rules of the model that the scripts do not have yet.
    private static let gaps: Sabotage = []
    /// What some operation must have answered, lest the sequences pass by what they are to compare.
    private static let answers = [
        "unknown type", "unknown VM", "started", "waits", "ended", "buried", "moved [", "full [", "stale [", "closed",
        "lost", "came to disk", "took back", "took up", "gave up",
    ]

    @Test("It answers as the scripts do, and the same stands in both afterwards, operation by operation")
    func conformance() async throws {
        var seen: [String] = []
        try await withRedis { redis in
            for seed in 1...Self.sequences {
                let (answers, difference) = try await compare(UInt64(seed), redis)
                if let difference { Issue.record("sequence \(seed), \(difference)") }
                seen += answers
            }
        }
        for answer in Self.answers {
            #expect(seen.contains { $0.contains(answer) }, "no operation was answered with '\(answer)'")
        }
    }

    @Test(
        "A model that breaks a rule of the scripts is found out",
        arguments: [
            Sabotage.finishAsksNoEpoch, .claimAsksNoRoom, .roomIsFreedTwice, .enterAsksNoEpoch, .comesBackLast,
            .nobodyWaits, .nobodyIsWoken, .moveOnKeepsRoom, .nothingIsOwed, .nobodySweeps, .nothingIsGivenUp,
        ]
    )
    func bites(_ sabotage: Sabotage) async throws {
        try await withRedis { redis in
            for seed in 1...Self.sequences {
                guard try await compare(UInt64(seed), redis, sabotage).difference == nil else { return }
            }
            Issue.record("no sequence tells a model with \(sabotage) from the scripts")
        }
    }

    private func withRedis(_ body: (RedisClient) async throws -> Void) async throws {
        let server = try await RedisServer.started()
        let redis = RedisClient(configuration: server.configuration)
        let result: Result<Void, any Error>
        do { result = .success(try await body(redis)) } catch { result = .failure(error) }
        await redis.shutdown()
        try await server.stop()
        try result.get()
    }

    /// Runs one sequence through both, to its end or to the first difference.
    private func compare(
        _ seed: UInt64,
        _ redis: RedisClient,
        _ sabotage: Sabotage = []
    ) async throws -> (answers: [String], difference: String?) {
        var pair = try await StorePair(
            redis: redis,
            prefix: "s\(seed):",
            machines: 3,
            sabotage: sabotage.union(Self.gaps)
        )
        var operations = StoreOperations(seed: seed)
        var done: [String] = []
        var answers: [String] = []
        for _ in 1...Self.length {
            let operation = operations.next(for: pair.model)
            done.append("\(operation)")
            let (real, model) = try await pair.apply(operation)
            answers.append(real)
            let there = try await StoreState.lines(of: pair.store, like: pair.model)
            let modelled = StoreState.lines(of: pair.model)
            guard real != model || there != modelled else { continue }
            let difference = """
                operation \(done.count)
                the scripts answer: \(real)
                the model answers:  \(model)
                \(there.filter { !modelled.contains($0) }.map { "in Redis:     " + $0 }.joined(separator: "\n"))
                \(modelled.filter { !there.contains($0) }.map { "in the model: " + $0 }.joined(separator: "\n"))
                after
                \(done.suffix(12).joined(separator: "\n"))
                """
            return (answers, difference)
        }
        return (answers, nil)
    }
}
