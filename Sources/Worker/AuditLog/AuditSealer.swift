import Logging
import Model
import Store

/// Seals the audit log, while this worker has the right to; another one goes on where it stopped.
struct AuditSealer: Sendable {
    let right: SoleTaskRunner
    let store: Store
    /// How many entries are kept.
    let kept: Int
    let logger: Logger
    private let faults = RetryLog("the audit log cannot be sealed; trying again")

    static let period = Duration.seconds(2)
    private static let page = 500

    init(right: SoleTaskRunner, store: Store, kept: Int, logger: Logger) {
        (self.right, self.store, self.kept, self.logger) = (right, store, kept, logger)
    }

    /// Runs until the task is cancelled.
    func run() async { await right.run { await seal() } }

    private func seal() async {
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
        let found = try await store.unsealedAudit(by: right.holder, limit: Self.page)
        guard case .entries(let entries, let last) = found, !entries.isEmpty else { return false }
        let seals = try AuditChain.seals(of: entries, after: last)
        let isSealed = try await store.sealAudit(seals, after: last, keeping: kept, by: right.holder)
        return isSealed && entries.count == Self.page
    }
}
