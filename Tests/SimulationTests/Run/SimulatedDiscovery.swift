import Model
import Store
import TestKit

@testable import Worker

/// Probes of PMs: the shipped store's scripts, in place of ssh and libvirt what the hosts of the simulation say.
struct SimulatedDiscovery: Sendable {
    let process: SimulatedProcess
    let store: Store
    let clock: ProcessClock
    let wake: WakeSignal

    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                var wait = Duration.milliseconds(500)
                do throws(Failure) {
                    let due = try await store.takeDueProbes(limit: 32, deadline: Scenario.probeDeadline)
                    for each in due.probes { group.addTask { await probe(each) } }
                    wait = min(due.next ?? wait, .seconds(2))
                } catch { process.simulation.note("\(process.name): \(error)") }
                await wake.wait(atMost: max(wait, .milliseconds(20)), on: clock)
            }
        }
    }

    private func probe(_ due: DueProbe) async {
        let simulation = process.simulation
        simulation.note("\(process.name): probes PM \(due.pm)")
        do throws(Failure) {
            guard let machine = try await store.machine(due.pm) else { return }
            try? await clock.sleep(for: .milliseconds(simulation.random.number(50...2_000)))
            let (state, measure) = simulation.hosts[machine.id.value - 1].probe(machine) { vm in
                simulation.snapshot.vms[vm]?.needs ?? .zero
            }
            let finding = ProbeFinding(
                pm: due.pm,
                epoch: due.epoch,
                report: DiscoveryReport(state: state, measure: measure),
                next: .milliseconds(simulation.scenario.probePeriod)
            )
            _ = try await store.record([finding])
            simulation.note("\(process.name): PM \(machine.id) is \(state.rawValue)")
        } catch { simulation.note("\(process.name): \(error)") }
    }
}
