import Model
import Store

/// A job that this worker holds.
struct ClaimedJob: Sendable {
    /// The right to it.
    let lease: Lease
    /// What it is.
    let entry: QueueEntry
    /// The PM that it is about; nil where its VM has none.
    let machine: PMID?
    /// When the claim was asked for; the lease began after that.
    let asked: ContinuousClock.Instant
    /// When its first step began, by the clock of Redis; nil where that did not begin with the claim.
    var firstStepAt: String?
}

extension ClaimedJob {
    /// What a claim has given; nil where it has given no job.
    init?(_ line: QueueSnapshot.Line, _ result: ClaimResult, asked: ContinuousClock.Instant) {
        guard let entry = line.entry, case .started(let epoch, let machine, let began) = result else {
            return nil
        }
        let lease = Lease(job: entry.job, epoch: epoch)
        self.init(lease: lease, entry: entry, machine: machine, asked: asked, firstStepAt: began)
    }
}
