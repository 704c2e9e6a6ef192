/// Whether Redis was away lately, as one worker sees it; pure.
///
/// While Redis is away, or stands still, no worker can renew its leases. Those that run out then do not say that their
/// jobs have ended their workers.
struct RedisOutages: Sendable {
    /// How long a lease lasts without renewal: what was renewed before an outage has ended or was renewed again after it.
    let lease: Duration
    private var last: ContinuousClock.Instant?

    /// None so far.
    init(lease: Duration) {
        self.lease = lease
    }

    /// A call was answered after so long: a worker that waits for more than a beat may have missed one.
    mutating func note(call duration: Duration, at now: ContinuousClock.Instant) {
        if duration > lease / 4 { last = now }
    }

    /// A call failed.
    mutating func note(failureAt now: ContinuousClock.Instant) {
        last = now
    }

    /// Whether leases that run out now were not kept from renewal by an outage.
    func isOver(at now: ContinuousClock.Instant) -> Bool {
        last.map { now - $0 > lease } ?? true
    }
}
