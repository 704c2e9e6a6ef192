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

    /// The seeds to run: the usual ones, or those of `HVC_TEST_SEEDS`, as `10000`, the first so many, or `2001-4000`; of
    /// `HVC_TEST_SEED` one, with what happens.
    private static func seeds() throws -> ClosedRange<UInt64> {
        let environment = ProcessInfo.processInfo.environment
        if let text = environment["HVC_TEST_SEED"], !text.isEmpty {
            let seed = try #require(UInt64(text), "HVC_TEST_SEED is no seed: \(text)")
            return seed...seed
        }
        guard let text = environment["HVC_TEST_SEEDS"], !text.isEmpty else { return usual }
        let bounds = try text.split(separator: "-").map {
            try #require(UInt64($0), "HVC_TEST_SEEDS is neither a number nor a range: \(text)")
        }
        let (first, last) = (bounds.count > 1 ? bounds[0] : 1, try #require(bounds.last))
        return first...max(first, last)
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
        "What is broken on purpose breaks the invariant that it should, and the same again",
        arguments: FaultInjection.all
    )
    func injectedFaults(_ fault: FaultInjection) async throws {
        for change in fault.changes {
            let script = StoreScript.all.first { $0.script.name == change.script }?.script
            try #require(script?.source.contains(change.text) == true, "\(change.script) has no '\(change.text)'")
        }
        let found = NIOLockedValueBox<UInt64?>(nil)
        let others = NIOLockedValueBox<[Invariant: Int]>([:])
        await Self.each(Self.slowSeeds) { seed in
            guard found.withLockedValue({ $0 == nil }),
                let violation = Simulation(seed: seed, faults: fault).run().violation
            else { return }
            guard violation.invariant == fault.invariant else {
                return others.withLockedValue { $0[violation.invariant, default: 0] += 1 }
            }
            found.withLockedValue { $0 = min($0 ?? seed, seed) }
        }
        let seed = try #require(
            found.withLockedValue { $0 },
            "no seed finds out by \(fault.invariant) that \(fault); by others: \(others.withLockedValue { $0 })"
        )
        await Self.each(seed...seed) { seed in
            let traces = (1...2).map { _ in Self.trace(of: seed, fault) }
            #expect(zip(traces[0], traces[1]).first { $0 != $1 } == nil, "seed \(seed)")
            #expect(traces[0].last?.contains("VIOLATION") == true)
        }
    }

    @Test("Every invariant is seen to fail, and the documents say by which fault")
    func everyInvariantBites() throws {
        let text = try String(contentsOf: URL(filePath: "dev/README.md", relativeTo: Self.root), encoding: .utf8)
        for invariant in Invariant.allCases {
            let faults = FaultInjection.all.filter { $0.invariant == invariant }
            #expect(!faults.isEmpty, "nothing breaks \(invariant.rawValue)")
            let row = "| \(invariant.rawValue) | \(faults.map(\.description).joined(separator: " · ")) |"
            #expect(text.contains(row), "dev/README.md has not the row: \(row)")
        }
    }

    /// The folder of the project.
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

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

    /// Runs a body for each seed, on as many threads as there are cores for this process.
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
}
