package import Store

extension ClaimOutcome {
    /// The results of the planned entries without their times.
    package var untimed: [ClaimResult] { results.map(\.untimed) }
}

extension ClaimResult {
    /// The result without its time.
    package var untimed: ClaimResult {
        guard case .started(let epoch, let pm, _) = self else { return self }
        return .started(epoch: epoch, pm: pm)
    }
}
