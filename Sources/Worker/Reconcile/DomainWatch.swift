import Logging
import Model
import RedisClient
import Store

/// Listens to what happens to the domains of PMs that this worker has probed, and has them probed again.
///
/// An event is a reason to probe, never a fact to write. Where nobody listens, the next periodic probe finds it.
actor DomainWatch {
    /// The events of a PM; nil where it is no longer listed as it was.
    typealias Events = @Sendable (PhysicalMachine) async throws(Failure) -> (any EventDriver)?
    /// Has a PM probed because of a change of a domain there; false where the records know of it.
    typealias Report = @Sendable (DomainChange, PMID) async throws(Failure) -> Bool

    private struct Subscription {
        let listing: PMListing
        let number: Int
        let task: Task<Void, Never>
    }

    private let events: Events
    private let report: Report
    private let backoff: Backoff
    private let logger: Logger
    private var subscriptions: [PMID: Subscription] = [:]
    private var last = 0
    private var isOver = false

    /// After so many failed subscriptions in a row a PM is left to discovery: the next probe that succeeds subscribes again.
    private static let mostFailures = 6

    /// Makes a watch that listens to nobody yet.
    ///
    /// - Parameters:
    ///   - events: the events of a PM.
    ///   - backoff: the waits before a subscription is tried again.
    ///   - logger: for what people may want to know.
    ///   - report: has a PM probed.
    init(
        events: @escaping Events,
        backoff: Backoff = Backoff(base: .seconds(1), limit: .seconds(30)),
        logger: Logger,
        report: @escaping Report
    ) {
        self.events = events
        self.report = report
        self.backoff = backoff
        self.logger = logger
    }

    /// Waits for the end, then ends all subscriptions.
    func run() async {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        isOver = true
        let tasks = subscriptions.values.map(\.task)
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// Listens to a PM from now on, unless that is done already.
    func listen(to pm: PhysicalMachine) {
        guard !isOver, subscriptions[pm.id]?.listing != pm.listing else { return }
        subscriptions[pm.id]?.task.cancel()
        last += 1
        let number = last
        let task = Task {
            // A driver that reports nothing is not asked again.
            if await !subscribe(to: pm) { forget(pm.id, number) }
        }
        subscriptions[pm.id] = Subscription(listing: pm.listing, number: number, task: task)
    }

    /// Ends listening to a PM: what happens on an alias is reported by the PM that stands for the machine.
    func stopListening(to pm: PMID) {
        subscriptions.removeValue(forKey: pm)?.task.cancel()
    }

    private func forget(_ pm: PMID, _ number: Int) {
        if subscriptions[pm]?.number == number { subscriptions[pm] = nil }
    }

    /// Subscribes, anew whenever the connection broke, until the PM does not answer for a while.
    ///
    /// - Returns: true where the PM's driver reports nothing, now or later.
    private nonisolated func subscribe(to pm: PhysicalMachine) async -> Bool {
        var failures = 0
        var isFirst = true
        while !Task.isCancelled {
            do throws(Failure) {
                guard let driver = try await events(pm) else { return false }
                let reports = try await driver.watch { [isFirst] in
                    // What happened between two subscriptions was reported to nobody.
                    if !isFirst { await pass(DomainChange(what: .lost, uuid: "", name: ""), of: pm.id) }
                } change: { change in
                    await pass(change, of: pm.id)
                }
                guard reports else { return true }
                failures = 0
            } catch {
                failures += 1
                logger.debug("no events", metadata: ["pm": "\(pm.id)", "error": "\(error)"])
                if failures == Self.mostFailures { return false }
            }
            isFirst = false
            let wait = backoff.delay(retry: failures, fraction: .random(in: 0.5...1))
            guard (try? await Task.sleep(for: wait)) != nil else { return false }
        }
        return false
    }

    private nonisolated func pass(_ change: DomainChange, of pm: PMID) async {
        do throws(Failure) {
            guard try await report(change, pm) else { return }
            logger.debug(
                "probing since something happened",
                metadata: ["pm": "\(pm)", "domain": "\(change.name)", "what": "\(change.what)"]
            )
        } catch {
            logger.debug("an event was not passed on", metadata: ["pm": "\(pm)", "error": "\(error)"])
        }
    }
}
