package import Model
package import Store

extension Store {
    /// Writes what one probe of a PM found, as a worker does for many.
    ///
    /// - Returns: What is written now; nil where the PM is no longer known.
    @discardableResult
    package func record(
        _ report: DiscoveryReport,
        of pm: PMID,
        next: Duration,
        inventoryAt: Int? = nil,
        by worker: String = "",
        reachedWithin window: Duration = .zero
    ) async throws -> RecordedState? {
        let finding = ProbeFinding(pm: pm, report: report, next: next, inventoryAt: inventoryAt)
        switch try await record([finding], by: worker, reachedWithin: window).first {
        case .recorded(let state): return state
        case .broken(let failure): throw failure
        case .superseded, .unknown, nil: return nil
        }
    }
}
