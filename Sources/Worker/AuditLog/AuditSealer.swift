import Logging
import Model
import Store

/// Seals the audit log; one worker does at a time, and another one goes on where it stopped.
struct AuditSealer: Sendable {
    let store: Store
    /// This run of the worker.
    let worker: String
    /// How many entries are kept.
    let kept: Int
    let logger: Logger
    private let faults = RetryLog("the audit log cannot be sealed; trying again")

    static let period = Duration.seconds(2)
    private static let lease = Duration.seconds(10)
    private static let page = 500

    init(store: Store, worker: String, kept: Int, logger: Logger) {
        (self.store, self.worker, self.kept, self.logger) = (store, worker, kept, logger)
    }

    /// Seals until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do throws(Failure) {
                while try await sealPage() {}
            } catch { faults.note(error, in: logger) }
            // A cancelled sleep ends the loop.
            try? await Task.sleep(for: Self.period)
        }
    }

    /// Seals some entries.
    ///
    /// - Returns: whether there may be more.
    func sealPage() async throws(Failure) -> Bool {
        let found = try await store.unsealedAudit(by: worker, for: Self.lease, limit: Self.page)
        guard case .entries(let entries, let last) = found, !entries.isEmpty else { return false }
        let seals = try AuditChain.seals(of: entries, after: last)
        let isSealed = try await store.sealAudit(seals, after: last, keeping: kept, by: worker)
        return isSealed && entries.count == Self.page
    }
}
