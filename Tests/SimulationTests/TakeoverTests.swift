import Testing

@testable import Worker

/// How late a worker's renewal of its leases may come until another worker takes its jobs over.
@Suite("Takeovers in virtual time")
struct TakeoverTests {
    private static let seeds: ClosedRange<UInt64> = 1...10
    /// How long acts on PMs last, in ms: several leases.
    private static let long = 5_000...30_000

    /// How often jobs were taken over from workers that lived, how often one gave a job back itself, and how many jobs ended
    /// well.
    private static func outcome(
        of strain: Scenario.Strain,
        acts: ClosedRange<Int>
    ) async -> (taken: Int, returned: Int, done: Int) {
        var sum = (taken: 0, returned: 0, done: 0)
        for seed in seeds {
            let report = await onThread { Simulation(seed: seed, strain: (strain, acts)).run() }
            if let violation = report.violation { Issue.record("seed \(seed), \(strain): \(violation)") }
            sum.taken += report.figures[.recovered, default: 0]
            sum.returned += report.figures[.requeued, default: 0]
            sum.done += report.figures[.created, default: 0]
        }
        return sum
    }

    @Test("The simulated lease is the shipped one")
    func lease() throws {
        #expect(try WorkerSettings(environment: [:]).lease == .milliseconds(Scenario.lease))
    }

    @Test(
        "A worker that stands still for up to 3.7 s, or whose Redis takes 1 s a call, loses no job of a lease of 5 s and stops none",
        arguments: [
            Scenario.Strain.pauses(500), .pauses(1_500), .pauses(2_500), .pauses(3_700), .slowRedis(250),
            .slowRedis(500),
            .slowRedis(1_000),
        ]
    )
    func undisturbed(_ strain: Scenario.Strain) async {
        let outcome = await Self.outcome(of: strain, acts: Self.long)
        #expect(outcome.taken == 0 && outcome.returned == 0 && outcome.done > 30, "\(strain): \(outcome)")
    }

    @Test(
        "One that stands still for longer than its lease does lose its jobs, and they are done all the same",
        arguments: [Scenario.Strain.pauses(6_000), .pauses(9_000)]
    )
    func takeover(_ strain: Scenario.Strain) async {
        let outcome = await Self.outcome(of: strain, acts: 200...1_500)
        #expect(outcome.taken > 0 && outcome.done > 30, "\(strain): \(outcome)")
    }
}
