import Model

/// The jobs that a worker holds, by PM: what one PM may take of the worker's slots is bounded; pure.
///
/// A PM that hangs keeps its jobs for as long as their deadlines last. Those beyond that number wait there and
/// take no slot, so that jobs of other PMs are taken all the same.
struct PMConcurrencyLimiter {
    /// The slots that all PMs share.
    let slots: Int
    private var jobs: [PMID?: Int] = [:]

    /// A limiter without jobs.
    ///
    /// - Parameter slots: the slots that all PMs share, 1 or more.
    init(slots: Int) {
        self.slots = slots
    }

    /// The slots that one PM may take.
    var slotsPerPM: Int { max(1, slots / 2) }

    /// The most jobs that the worker holds, waiting ones included.
    var limit: Int { slots * 8 }

    /// How many jobs the worker may take.
    var free: Int {
        let taken = jobs.values.reduce(0) { $0 + min($1, slotsPerPM) }
        return max(0, min(slots - taken, limit - jobs.values.reduce(0, +)))
    }

    /// True where the worker holds as many jobs as it has slots: what it takes beyond that had better go to an idle one.
    var isFull: Bool { jobs.values.reduce(0, +) >= slots }

    /// A job was taken.
    mutating func enter(_ machine: PMID?) {
        jobs[machine, default: 0] += 1
    }

    /// A job has ended.
    mutating func leave(_ machine: PMID?) {
        guard let count = jobs[machine] else { return }
        jobs[machine] = count > 1 ? count - 1 : nil
    }
}
