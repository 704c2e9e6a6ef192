import Logging
import Model
import Store

extension GuestWatch {
    /// How many agents are asked in a round.
    private static let agentsOfARound = 8

    /// Asks the agents of a few guests that lack an address by other sources.
    func askAgents(
        of guests: [VMStatus],
        _ awaited: [VMID: Awaited],
        with driver: any GuestDriver,
        on pm: PMID,
        at now: ContinuousClock.Instant
    ) async {
        let due = guests.filter { guest in
            guard let wait = awaited[guest.vm.id], wait.isOnce || now - wait.since >= GuestSchedule.agentAge else {
                return false
            }
            return !hasAddresses(guest.vm, on: pm)
        }
        // Those that were not asked yet come first.
        let isNew = due.filter { states[pm]?.agents[$0.vm.id] == nil }
        let others = due.filter { states[pm]?.agents[$0.vm.id] != nil }
        for guest in (isNew + others.shuffled()).prefix(Self.agentsOfARound) {
            guard !Task.isCancelled else { return }
            do throws(Failure) {
                let answer = try await driver.askAgent(of: guest.vm.uuid)
                states[pm]?.agents[guest.vm.id] = answer
            } catch {
                states[pm]?.agents[guest.vm.id] = .silent("it was not asked: \(error.message)")
            }
        }
    }

    /// Asks the agents of a few guests that are ready for the systems in them, once each.
    func askSystems(of guests: [VMStatus], with driver: any GuestDriver, on pm: PMID) async {
        let now = clock.now
        let due = guests.filter { states[pm]?.readiness[$0.vm.id]?.mayAskSystem(at: now) == true }
        for guest in due.prefix(Self.agentsOfARound) {
            guard !Task.isCancelled else { return }
            do throws(Failure) {
                let system = try await driver.askSystem(of: guest.vm.uuid)
                states[pm]?.readiness[guest.vm.id]?.system = system
            } catch {
                logger.debug("an agent could not be asked", metadata: ["vm": "\(guest.vm.id)", "error": "\(error)"])
            }
            states[pm]?.readiness[guest.vm.id]?.isSystemAsked = true
        }
        await writeReadiness(of: due, on: pm)
    }
}
