import Foundation
import Testing

@testable import Simulation

/// Gateway, workers, PMs and Redis in virtual time, with seeded faults.
@Suite("The core under seeded faults")
struct SimulationTests {
    /// How many seeds a test of the simulator itself may try.
    private static let usual: ClosedRange<UInt64> = 1...200

    /// The seeds to run: one that somebody asked for, or as many as somebody asked for.
    private static func seeds() throws -> ClosedRange<UInt64> {
        let environment = ProcessInfo.processInfo.environment
        if let text = environment["HVC_TEST_SEED"], !text.isEmpty {
            let seed = try #require(UInt64(text), "HVC_TEST_SEED is no seed: \(text)")
            return seed...seed
        }
        guard let text = environment["HVC_TEST_SEEDS"], !text.isEmpty else { return usual }
        let count = try #require(UInt64(text), "HVC_TEST_SEEDS is no number: \(text)")
        return 1...max(1, count)
    }

    @Test("Every invariant holds after each step, whatever goes wrong, and every job reaches its end")
    func invariants() async throws {
        let seeds = try Self.seeds()
        var figures: [Figure: Int] = [:]
        for seed in seeds {
            let report = Simulation(seed: seed, logic: .worker).run()
            // Other tests wait for their turn.
            await Task.yield()
            figures.merge(report.figures, uniquingKeysWith: +)
            if let violation = report.violation {
                Issue.record("seed \(seed): \(violation)\n\(Self.trace(of: seed).joined(separator: "\n"))")
            } else if seeds.count == 1 {
                let text = Self.trace(of: seed).joined(separator: "\n") + "\n"
                // At once, as print would not where the output goes to a file.
                FileHandle.standardOutput.write(Data(text.utf8))
            }
        }
        guard seeds.count >= Self.usual.count else { return }
        for figure in Figure.allCases {
            #expect(figures[figure, default: 0] > 0, "no seed comes to: \(figure.rawValue)")
        }
    }

    @Test("A rule that is broken breaks an invariant for some seed, and the same again", arguments: Sabotage.all)
    func bites(_ sabotage: Sabotage) async throws {
        for seed in Self.usual {
            let violation = Simulation(seed: seed, logic: .worker, sabotage: sabotage).run().violation
            await Task.yield()
            guard let violation else { continue }
            let traces = (1...2).map { _ in Self.trace(of: seed, sabotage) }
            #expect(traces[0] == traces[1])
            #expect(traces[0].last?.hasSuffix("\(violation)") == true)
            return
        }
        Issue.record("no seed finds out that \(sabotage)")
    }

    @Test("A call that takes effect after its caller gave it up leaves things on PMs at most; the records stay right")
    func abandonedCalls() async {
        for seed in Self.usual.prefix(60) {
            let report = Simulation(seed: seed, logic: .worker, hazards: [.abandonedCalls]).run()
            await Task.yield()
            guard let violation = report.violation else { continue }
            #expect([.i2, .i4, .i7].contains(violation.invariant), "seed \(seed): \(violation)")
        }
    }

    /// What happens in a run, a line a step.
    private static func trace(of seed: UInt64, _ sabotage: Sabotage = []) -> [String] {
        Simulation(seed: seed, logic: .worker, sabotage: sabotage, isTraced: true).run().trace
    }
}
