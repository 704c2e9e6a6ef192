import Logging
import Model
import Store

extension GuestWatch {
    /// Has a PM try the ssh servers of guests and read their consoles, and writes what is new.
    ///
    /// Where the PM does not answer, it is left alone for a while: addresses are found without this.
    func lookForSigns(of guests: [VMStatus], by access: Access, on pm: PMID) async {
        guard states[pm]?.pausedUntil.map({ $0 <= clock.now }) ?? true else { return }
        let running = guests.filter { $0.state == .running && !$0.hasJob }
        for guest in running { follow(guest, on: pm) }
        guard let probe = access.probe else {
            for guest in running {
                states[pm]?.readiness[guest.vm.id]?.silence =
                    "its PM is reached by libvirt alone, which does not show consoles"
            }
            return await writeReadiness(of: running, on: pm)
        }
        let questions = running.compactMap { question(about: $0.vm, access.driver, on: pm) }
        if !questions.isEmpty {
            do throws(Failure) {
                let now = try await store.time()
                guard let slot = await commands.take(within: .seconds(10)) else { return }
                defer { withExtendedLifetime(slot) {} }
                let signs = try await GuestSigns(of: questions, by: probe)
                for question in questions {
                    let run = states[pm]?.readiness[question.vm]?.run ?? 0
                    states[pm]?.readiness[question.vm]?.read(signs, of: question.vm, age: max(0, now - run) / 1000)
                }
            } catch {
                logger.debug("signs of guests could not be read", metadata: ["pm": "\(pm)", "error": "\(error)"])
                states[pm]?.pausedUntil = clock.now + GuestSchedule.pause
            }
        }
        await writeReadiness(of: running, on: pm)
    }

    /// Begins with a guest anew where it has been started since.
    private func follow(_ guest: VMStatus, on pm: PMID) {
        if let seen = states[pm]?.readiness[guest.vm.id], seen.run == guest.startedAt { return }
        states[pm]?.readiness[guest.vm.id] = SeenReadiness(guest, at: clock.now)
    }

    private func question(about vm: VirtualMachine, _ driver: any GuestDriver, on pm: PMID) -> GuestQuestion? {
        guard let seen = states[pm]?.readiness[vm.id] else { return nil }
        var question = GuestQuestion(vm: vm.id)
        if seen.banner == nil {
            question.address = finding(of: vm, macs: macs(of: vm, on: pm), on: pm).addresses.primary
        }
        if !seen.isCloudInitOver {
            question.console = driver.consoleLog(of: vm)
            question.offset = seen.log.offset
        }
        return question.address == nil && question.console == nil ? nil : question
    }

    func writeReadiness(of guests: [VMStatus], on pm: PMID) async {
        let new = guests.compactMap { guest -> ReadinessFinding? in
            let seen = states[pm]?.readiness[guest.vm.id]
            return seen?.finding(of: guest.vm).flatMap { $0 == seen?.written ? nil : $0 }
        }
        guard !new.isEmpty else { return }
        do throws(Failure) {
            let written = try await store.note(new, on: pm)
            for finding in new where written.contains(finding.vm) {
                states[pm]?.readiness[finding.vm]?.written = finding
            }
        } catch {
            logger.debug("readiness could not be written", metadata: ["pm": "\(pm)", "error": "\(error)"])
        }
    }
}
