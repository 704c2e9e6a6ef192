import Model
import NIOConcurrencyHelpers
import Testing

/// Runs in which VMs move and are resized, too, by operations that are added as any other.
@Suite("Claims that jobs hold themselves, under seeded faults")
struct JobClaimSimulationTests {
    @Test("Whatever dies, freezes or fails, no PM is claimed beyond what it has and no job that ended leaves a claim")
    func invariants() async throws {
        let figures = NIOLockedValueBox([Figure: Int]())
        await SimulationTests.each(1...100) { seed in
            let report = Simulation(seed: seed, operations: ExampleOperations.all).run()
            figures.withLockedValue { $0.merge(report.figures, uniquingKeysWith: +) }
            if let violation = report.violation {
                let trace = Simulation(seed: seed, operations: ExampleOperations.all, isTraced: true).run().trace
                Issue.record("seed \(seed): \(violation)\n\(trace.suffix(60).joined(separator: "\n"))")
            }
        }
        for figure in Figure.ofExamples {
            #expect(figures.withLockedValue { $0[figure, default: 0] } > 20, "\(figure.rawValue)")
        }
    }

    /// What keeps these claims right, taken out.
    private static let faults = [

        FaultInjection(
            "a second PM is not checked for headroom",
            breaks: .i1,
            from: 1457,
            ("claim", "tonumber(needs[i]) > headroom[i]", "false")
        ),
        FaultInjection(
            "a job overtakes an older one of the other queue",
            breaks: .i6,
            ("claim", "if comes_first(other, job) then return other end", "")
        ),
        FaultInjection(
            "what failed goes on to hold its claim",
            breaks: .i4,
            ("finish", "return release_job_claim(job, op, vm) end", "return end")
        ),
        FaultInjection(
            "a VM that moved keeps its first claim",
            breaks: .i1,
            ("finish", "  remove_claim(vm)\n  redis.call('HSET', key, 'pm', pm", "  redis.call('HSET', key, 'pm', pm")
        ),
        FaultInjection(
            "a reschedule forgets the claim",
            breaks: .i3,
            from: 1608,
            ("reschedule", "release_job_claim(job, op, vm) else", "else")
        ),
    ]

    @Test("What is broken on purpose breaks an invariant", arguments: faults)
    func bites(_ fault: FaultInjection) async {
        let found = NIOLockedValueBox(false)
        await SimulationTests.each(fault.firstSeed...fault.firstSeed + 999) { seed in
            guard !found.withLockedValue({ $0 }) else { return }
            let report = Simulation(seed: seed, faults: fault, operations: ExampleOperations.all).run()
            if report.violation != nil { found.withLockedValue { $0 = true } }
        }
        #expect(found.withLockedValue { $0 }, "no seed finds it")
    }
}
