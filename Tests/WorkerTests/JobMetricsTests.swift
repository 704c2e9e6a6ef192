import Model
import Telemetry
import Testing

@testable import Worker

@Suite("The metrics of a worker")
struct JobMetricsTests {
    private func counts(_ registry: MetricsRegistry) -> [String: Int] {
        let pairs = registry.snapshot().series.map { series -> (String, Int) in
            let count =
                switch series.value {
                case .number(let number): Int(number)
                case .times(let counts, _): counts.reduce(0, +)
                }
            return (([series.name] + series.values).joined(separator: " "), count)
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test("Steps are measured by kind, name and outcome, undone ones too, and attempts are counted by outcome")
    func steps() async throws {
        let registry = MetricsRegistry()
        let fixture = try RunnerFixture(
            failing: ["domain": [Failure(.imageTooLarge, "no")]],
            metrics: JobMetrics(in: registry)
        )
        try await fixture.run()
        #expect(
            counts(registry) == [
                "hvc_job_attempts_total create failed": 1, "hvc_job_step_seconds create image done": 1,
                "hvc_job_step_seconds create disk done": 1, "hvc_job_step_seconds create seed done": 1,
                "hvc_job_step_seconds create domain failed": 1, "hvc_job_step_seconds create remove done": 1,
            ]
        )
    }

    @Test("Calls of a PM's driver are measured by name, and those that fail are counted by code")
    func calls() async throws {
        let registry = MetricsRegistry()
        let fake = FakeHypervisor(failing: ["network": [Failure(.networkUnavailable, "no")]])
        let hypervisor = MeteredHypervisor(base: fake, metrics: HypervisorMetrics(in: registry))
        let vm = try HypervisorFixture.vm(1)
        await #expect(throws: Failure.self) { try await hypervisor.ensureNetwork(for: vm) }
        try await hypervisor.ensureNetwork(for: vm)
        #expect(
            counts(registry) == [
                "hvc_libvirt_call_seconds ensure_network": 2,
                "hvc_libvirt_failures_total ensure_network network_unavailable": 1,
            ]
        )
    }
}
