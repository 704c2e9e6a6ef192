import Logging
import Model
import NIOConcurrencyHelpers
import Store

/// Does what gateways ask about consoles: reads pages of their logs, and relays those that somebody follows.
struct ConsoleService: Sendable {
    let store: Store
    /// The worker's instance.
    let holder: String
    let machines: any ConsoleSource
    let logger: Logger
    private let faults = RetryLog("what gateways ask about consoles cannot be read; trying again")

    /// How much is done at once: reads of pages, relays, and consoles that are written to.
    private static let limits: [ConsoleAsk.Kind: Int] = [.page: 16, .follow: 32, .write: 16, .keys: 4]
    /// How long an ask is waited for at once.
    private static let wait = Duration.seconds(5)

    init(store: Store, holder: String, machines: any ConsoleSource, logger: Logger) {
        (self.store, self.holder, self.machines, self.logger) = (store, holder, machines, logger)
    }

    /// Runs until the task is cancelled.
    func run() async {
        let running = NIOLockedValueBox([ConsoleAsk.Kind: Int]())
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                // Pages are waited for, and so asked of another worker where this one has its hands full.
                guard running.withLockedValue({ $0[.page] ?? 0 < Self.limits[.page] ?? 0 }) else {
                    // A cancelled sleep ends the loop.
                    try? await Task.sleep(for: .milliseconds(20))
                    continue
                }
                guard let ask = await next() else { continue }
                let isTaken = running.withLockedValue { running in
                    guard running[ask.kind] ?? 0 < Self.limits[ask.kind] ?? 0 else { return false }
                    running[ask.kind, default: 0] += 1
                    return true
                }
                // It is asked again, and another worker may have room.
                guard isTaken else { continue }
                group.addTask {
                    await serve(ask)
                    running.withLockedValue { $0[ask.kind, default: 1] -= 1 }
                }
            }
            group.cancelAll()
        }
    }

    private func next() async -> ConsoleAsk? {
        do throws(Failure) { return try await store.nextConsoleAsk(waiting: Self.wait) } catch {
            guard !Task.isCancelled else { return nil }
            faults.note(error, in: logger)
            // A cancelled sleep ends the wait.
            try? await Task.sleep(for: .milliseconds(500))
            return nil
        }
    }

    private func serve(_ ask: ConsoleAsk) async {
        let result: Result<ConsolePage, Failure>
        do throws(Failure) {
            switch ask.kind {
            case .page: result = .success(try await page(ask))
            case .follow: return try await relay(ask.vm)
            case .write: return try await write(to: ask.vm)
            case .keys:
                let (driver, vm) = try await driver(of: ask.vm)
                for key in ask.key ?? "" { try await driver.pressSysRq(key, of: vm.uuid) }
                result = .success(ConsolePage(offset: 0, first: 0, size: 0, boot: 0))
            }
        } catch {
            result = .failure(error)
        }
        do throws(Failure) { try await store.answer(ask, result) } catch {
            if !Task.isCancelled { faults.note(error, in: logger) }
        }
    }

    private func page(_ ask: ConsoleAsk) async throws(Failure) -> ConsolePage {
        guard let log = try await log(of: ask.vm) else { return ConsolePage(offset: 0, first: 0, size: 0, boot: 0) }
        return try await log.page(from: ask.start ?? .boot, limit: ask.limit).page
    }

    private func relay(_ vm: VMID) async throws(Failure) {
        guard try await store.holdConsole(of: vm, by: holder, for: ConsoleRelay.lease) else { return }
        let relay = ConsoleRelay(vm: vm, store: store, holder: holder, logger: logger) { () async throws(Failure) in
            try await log(of: vm)
        }
        await relay.run()
        // Apart from this task: one that is cancelled still has the right to give back.
        await Task { [self] in
            do throws(Failure) { try await store.releaseConsole(of: vm, by: holder) } catch {
                faults.note(error, in: logger)
            }
        }.value
    }

    private func write(to id: VMID) async throws(Failure) {
        guard try await store.holdInput(ofConsoleOf: id, by: holder, for: ConsoleWriter.lease) else { return }
        let result: Result<Void, Failure>
        do throws(Failure) {
            let (driver, vm) = try await driver(of: id)
            result = .success(try await ConsoleWriter(vm: vm, store: store, holder: holder, driver: driver).run())
        } catch {
            result = .failure(error)
        }
        // Apart from this task: one that is cancelled still has the right to give back.
        await Task { [self] in
            do throws(Failure) { try await store.releaseInput(ofConsoleOf: id, by: holder) } catch {
                faults.note(error, in: logger)
            }
        }.value
        try result.get()
    }

    private func driver(of id: VMID) async throws(Failure) -> (any ConsoleDriver, VirtualMachine) {
        guard let status = try await store.vm(id) else { throw Failure(.unknownVM, "there is no VM \(id)") }
        guard let number = status.pm, let pm = try await store.machine(number) else {
            throw Failure(.wrongState, "VM \(id) has no PM yet")
        }
        return (try await machines.hypervisor(of: pm), status.vm)
    }

    /// The log of a VM; nil before it has a PM.
    private func log(of vm: VMID) async throws(Failure) -> ConsoleLog? {
        guard let status = try await store.vm(vm) else { throw Failure(.unknownVM, "there is no VM \(vm)") }
        guard let id = status.pm, let pm = try await store.machine(id) else { return nil }
        guard let place = await machines.console(on: pm) else {
            throw Failure(
                .notSupported,
                "VM \(vm) is on a PM that keeps no consoles: they are kept by QEMU over ssh alone"
            )
        }
        let path = "\(place.directory)/\(status.vm.domainName)-console.log"
        return ConsoleLog(vm: vm, path: path, shell: place.shell, store: store)
    }

    /// Takes in that a VM is about to start again, where its log can be read.
    func starting(_ vm: VMID) async {
        do throws(Failure) { try await log(of: vm)?.noteBoot() } catch {
            logger.debug("a VM's run is not told from the one before in its console", metadata: ["error": "\(error)"])
        }
    }
}

/// Where PMs keep consoles, and what writes to them.
protocol ConsoleSource: DriverSource {
    /// What reads files there, and the folder of the logs; nil where there are none.
    func console(on pm: PhysicalMachine) async -> (shell: RemoteShell, directory: String)?
}
