import Logging
import Model
import RedisClient
import Store

/// Listens to what happens to the domains of PMs that this worker has looked at, and has them looked at again.
///
/// What is heard is a hint to look, never a fact to write. Where nobody listens, the next periodic look finds it.
actor DomainWatch {
    private struct Following {
        let listing: PMListing
        let number: Int
        let task: Task<Void, Never>
    }

    private let store: Store
    private let machines: PMConnectionPool
    private let logger: Logger
    private var following: [PMID: Following] = [:]
    private var last = 0
    private var isOver = false

    /// The waits before a subscription is tried again: a PM that is away is looked at anyway.
    private static let backoff = Backoff(base: .seconds(1), limit: .seconds(30))

    init(store: Store, machines: PMConnectionPool, logger: Logger) {
        self.store = store
        self.machines = machines
        self.logger = logger
    }

    /// Waits for the end, then ends all subscriptions.
    func run() async {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        isOver = true
        let tasks = following.values.map(\.task)
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// Listens to a PM from now on, unless that is done already.
    func follow(_ machine: PhysicalMachine) {
        guard !isOver, following[machine.id]?.listing != machine.listing else { return }
        following[machine.id]?.task.cancel()
        last += 1
        let number = last
        let task = Task {
            await listen(to: machine)
            forget(machine.id, number)
        }
        following[machine.id] = Following(listing: machine.listing, number: number, task: task)
    }

    /// Ends listening to a PM: what happens on an alias is heard from the PM that stands for the machine.
    func leave(_ pm: PMID) {
        following.removeValue(forKey: pm)?.task.cancel()
    }

    /// The PMs to which this worker listens.
    var followed: Set<PMID> { Set(following.keys) }

    private func forget(_ pm: PMID, _ number: Int) {
        if following[pm]?.number == number { following[pm] = nil }
    }

    /// Subscribes, anew whenever the connection broke, until the PM is no longer listed or its driver tells nothing.
    private nonisolated func listen(to machine: PhysicalMachine) async {
        var failures = 0
        var isFirst = true
        while !Task.isCancelled {
            do throws(Failure) {
                let isTold = try await machines.hypervisor(of: machine).watch { [isFirst] in
                    // What happened between two subscriptions was told to nobody.
                    if !isFirst { await hear(DomainChange(what: .lost, uuid: "", name: ""), machine.id) }
                } change: { change in
                    await hear(change, machine.id)
                }
                guard isTold else { return }
                failures = 0
            } catch {
                failures += 1
                logger.debug("no events", metadata: ["pm": "\(machine.id)", "error": "\(error)"])
            }
            isFirst = false
            let wait = Self.backoff.delay(retry: failures, fraction: .random(in: 0.5...1))
            guard (try? await Task.sleep(for: wait)) != nil, await isListed(machine) else { return }
        }
    }

    private nonisolated func isListed(_ machine: PhysicalMachine) async -> Bool {
        do throws(Failure) {
            let known = try await store.machine(machine.id)
            return known?.isListed == true && known?.listing == machine.listing
        } catch {
            return true
        }
    }

    private nonisolated func hear(_ change: DomainChange, _ pm: PMID) async {
        do throws(Failure) {
            let isNews = try await store.hear(change.what.rawValue, of: change.name, uuid: change.uuid, on: pm)
            guard isNews else { return }
            logger.debug(
                "looking since something happened",
                metadata: ["pm": "\(pm)", "domain": "\(change.name)", "what": "\(change.what)"]
            )
        } catch {
            logger.debug("an event was not passed on", metadata: ["pm": "\(pm)", "error": "\(error)"])
        }
    }
}
