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
                    let due = try await store.takeDueMachines(limit: 32, deadline: Scenario.probeDeadline)
                    for machine in due.machines { group.addTask { await probe(machine) } }
                    wait = min(due.next ?? wait, .seconds(2))
                } catch { process.simulation.note("\(process.name): \(error)") }
                await wake.wait(atMost: max(wait, .milliseconds(20)), on: clock)
            }
        }
    }

    private func probe(_ machine: PhysicalMachine) async {
        let simulation = process.simulation
        simulation.note("\(process.name): probes PM \(machine.id)")
        try? await clock.sleep(for: .milliseconds(simulation.random.number(50...2_000)))
        let (state, measure) = simulation.hosts[machine.id.value - 1].probe(machine) { vm in
            simulation.snapshot.vms[vm]?.needs ?? .zero
        }
        let period = Duration.milliseconds(simulation.scenario.probePeriod)
        do throws(Failure) {
            try await store.record(DiscoveryReport(state: state, measure: measure), of: machine.id, next: period)
            simulation.note("\(process.name): PM \(machine.id) is \(state.rawValue)")
        } catch { simulation.note("\(process.name): \(error)") }
    }
}
