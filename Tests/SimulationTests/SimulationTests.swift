import Foundation
import NIOConcurrencyHelpers
import RedisClient
import Store
import Testing

/// Clients, workers, PMs and Redis in virtual time, with seeded faults.
@Suite("The core under seeded faults")
struct SimulationTests {
    private static let usual: ClosedRange<UInt64> = 1...200
    /// How many seeds an injected fault may stay hidden from.
    private static let slowSeeds: ClosedRange<UInt64> = 1...600

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

    @Test("Every invariant holds after each event, whatever goes wrong, and every job reaches its end")
    func invariants() async throws {
        let seeds = try Self.seeds()
        let figures = NIOLockedValueBox([Figure: Int]())
        await Self.each(seeds) { seed in
            let report = Simulation(seed: seed).run()
            figures.withLockedValue { $0.merge(report.figures, uniquingKeysWith: +) }
            if let violation = report.violation {
                Issue.record("seed \(seed): \(violation)\n\(Self.trace(of: seed).joined(separator: "\n"))")
            } else if seeds.count == 1 {
                let text = Self.trace(of: seed).joined(separator: "\n") + "\n"
                // At once, as print would not where the output goes to a file.
                FileHandle.standardOutput.write(Data(text.utf8))
            }
        }
        guard seeds.count >= Self.usual.count else { return }
        for figure in Figure.allCases where !Figure.ofExamples.contains(figure) {
            #expect(figures.withLockedValue { $0[figure, default: 0] } > 0, "no seed comes to: \(figure.rawValue)")
        }
    }

    @Test(
        "What is broken on purpose breaks an invariant for some seed, and the same again",
        arguments: FaultInjection.all
    )
    func injectedFaults(_ fault: FaultInjection) async throws {
        for change in fault.changes {
            let script = StoreScript.all.first { $0.script.name == change.script }?.script
            try #require(script?.source.contains(change.text) == true, "\(change.script) has no '\(change.text)'")
        }
        let found = NIOLockedValueBox<UInt64?>(nil)
        await Self.each(Self.slowSeeds) { seed in
            guard found.withLockedValue({ $0 == nil }), Simulation(seed: seed, faults: fault).run().violation != nil
            else { return }
            found.withLockedValue { $0 = min($0 ?? seed, seed) }
        }
        let seed = try #require(found.withLockedValue { $0 }, "no seed finds out that \(fault)")
        await Self.each(seed...seed) { seed in
            let traces = (1...2).map { _ in Self.trace(of: seed, fault) }
            #expect(zip(traces[0], traces[1]).first { $0 != $1 } == nil, "seed \(seed)")
            #expect(traces[0].last?.contains("VIOLATION") == true)
        }
    }

    @Test("A seed runs the same each time")
    func determinism() async {
        await Self.each(1...10) { seed in
            let traces = (1...2).map { _ in Self.trace(of: seed) }
            #expect(zip(traces[0], traces[1]).first { $0 != $1 } == nil, "seed \(seed)")
            #expect(traces[0].count > 50)
        }
    }

    @Test("A call that takes effect after its caller gave it up leaves things on PMs at most; the records stay right")
    func abandonedCalls() async {
        await Self.each(1...60) { seed in
            guard let violation = Simulation(seed: seed, hazards: [.abandonedCalls]).run().violation else { return }
            #expect([.i2, .i4, .i7].contains(violation.invariant), "seed \(seed): \(violation)")
        }
    }

    /// What happens in a run, a line each.
    private static func trace(of seed: UInt64, _ fault: FaultInjection? = nil) -> [String] {
        Simulation(seed: seed, faults: fault, isTraced: true).run().trace
    }

    /// Runs a body for each seed, on threads of their own: a run holds its thread, and other tests wait for theirs.
    static func each(_ seeds: ClosedRange<UInt64>, _ body: @escaping @Sendable (UInt64) -> Void) async {
        let next = NIOLockedValueBox(seeds.lowerBound)
        await withTaskGroup { group in
            for _ in 0..<min(seeds.count, ProcessInfo.processInfo.activeProcessorCount) {
                group.addTask { await onThread { while let seed = take(next, upTo: seeds.upperBound) { body(seed) } } }
            }
        }
    }

    private static func take(_ next: NIOLockedValueBox<UInt64>, upTo last: UInt64) -> UInt64? {
        next.withLockedValue { next in
            guard next <= last else { return nil }
            defer { next += 1 }
            return next
        }
    }

    private static func onThread(_ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            let thread = Thread {
                body()
                continuation.resume()
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
    }
}
