import EmbeddedRedis
import RedisClient
import Testing

/// What makes the simulator trustworthy: a redis-server does what its Redis does.
@Suite("The simulator's Redis")
struct ConformanceTests {
    private static let seeds: ClosedRange<UInt64> = 1...8

    @Test("A redis-server that is asked what a run asked answers the same, and has the same keys")
    func conformance() async throws {
        try await RedisPair.with { pair in
            for seed in Self.seeds {
                let calls = await Self.calls(of: seed)
                #expect(calls.count > 100)
                try await pair.flush()
                for (number, call) in calls.enumerated() {
                    // What a server says of itself is its own.
                    if case .command(let command) = call.what, command.name == "INFO" { continue }
                    try pair.show(call.time)
                    let answers =
                        switch call.what {
                        case .command(let command): try await pair.run(command)
                        case .script(let script, let keys, let arguments):
                            try await pair.run(script, keys: keys, arguments: arguments)
                        }
                    try #require(answers.real == answers.embedded, "seed \(seed), call \(number): \(call.what)")
                    guard number.isMultiple(of: 50) || number == calls.count - 1 else { continue }
                    let (real, embedded) = try await pair.contents()
                    try #require(real == embedded, "seed \(seed), after call \(number)")
                }
            }
        }
    }

    /// What a run asks its Redis.
    static func calls(of seed: UInt64) async -> [SimulatedRedis.Call] {
        await onThread { Simulation(seed: seed, records: true).run().calls }
    }
}
