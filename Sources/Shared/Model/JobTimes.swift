import Foundation

/// How long jobs take, as workers measured the latest ones, and how much is done at once.
package struct JobTimes: Hashable, Sendable {
    /// A job that was done.
    package struct Sample: Hashable, Sendable {
        package let seconds: Double
        /// Whether its PM had no copy of the image when it was taken.
        package let broughtImage: Bool

        package init(seconds: Double, broughtImage: Bool = false) {
            (self.seconds, self.broughtImage) = (seconds, broughtImage)
        }
    }

    /// How many of each kind are kept.
    package static let kept = 200

    /// Of each kind, the latest first.
    package var samples: [Job.Kind: [Sample]]
    /// How many jobs all workers take at once.
    package var slots: Int
    /// How many they have now.
    package var running: Int
    package var isPaused: Bool

    package init(samples: [Job.Kind: [Sample]], slots: Int, running: Int, isPaused: Bool = false) {
        (self.samples, self.slots, self.running, self.isPaused) = (samples, slots, running, isPaused)
    }
}

/// Where a job stands.
package enum JobProgress: Hashable, Sendable {
    /// So many jobs are taken before it.
    case queued(ahead: Int)
    /// So many jobs of its VM come before it, one after another.
    case behind(ahead: Int)
    /// It goes on at a time from now.
    case deferred(seconds: Double)
    /// It was taken before so many seconds; `bringsImage` is nil where that is not known.
    case running(seconds: Double, bringsImage: Bool?)
}

/// When a job will have ended, in seconds from now.
package struct JobEstimate: Hashable, Sendable {
    /// As likely before as after.
    package let median: Double
    /// Nine in ten end within.
    package let band: ClosedRange<Double>
}

extension JobTimes {
    /// With fewer samples nothing is said.
    private static let fewest = 20
    /// The middles of so many parts of a distribution stand for it.
    private static let parts = 15
    /// Of more samples so many stand for all.
    private static let mostRuns = 50

    /// When a job will have ended; nil where too little was measured, or nothing goes on.
    package func estimate(_ kind: Job.Kind, _ progress: JobProgress) -> JobEstimate? {
        guard let samples = samples[kind], samples.count >= Self.fewest, slots > 0 else { return nil }
        let all = samples.map(\.seconds)
        switch progress {
        case .running(let elapsed, let bringsImage):
            var alike = samples.filter { bringsImage == nil || $0.broughtImage == bringsImage }.map(\.seconds)
            if alike.count < Self.fewest { alike = all }
            return Self.estimate(waits: [0], runs: Self.remaining(of: alike, after: elapsed))
        case .deferred(let seconds):
            return isPaused ? nil : Self.estimate(waits: [max(0, seconds)], runs: all)
        case .behind(let ahead):
            return isPaused ? nil : Self.estimate(waits: Self.waits(all, ahead: ahead, slots: 1), runs: all)
        case .queued(let ahead):
            guard !isPaused else { return nil }
            // Free slots take the first ones at once.
            let rest = ahead - max(0, slots - running)
            return Self.estimate(waits: rest < 0 ? [0] : Self.waits(all, ahead: rest, slots: slots), runs: all)
        }
    }

    /// What those that took longer than this took beyond it.
    private static func remaining(of samples: [Double], after elapsed: Double) -> [Double] {
        let longer = samples.filter { $0 > elapsed }.map { $0 - elapsed }
        // It takes longer than nearly all did: about as long again as it took, within wide bounds.
        return longer.count >= 3 ? longer : longer + [0.02, 0.1, 0.25, 0.5, 1, 2].map { $0 * max(elapsed, 1) }
    }

    /// How long it takes until workers that are busy have ended one job more than are ahead.
    ///
    /// They end `slots` jobs in the time of one. The times at which they do are like those of chance (Poisson) over a short
    /// time, where many work side by side, and follow the spread of the jobs' times over a long one.
    private static func waits(_ samples: [Double], ahead: Int, slots: Int) -> [Double] {
        let count = Double(samples.count)
        let (jobs, width) = (Double(ahead), Double(slots))
        let mean = samples.reduce(0, +) / count
        guard mean > 0 else { return [0] }
        let variance = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        let spread = variance / (mean * mean)
        // The job that ends first has been under way for a while.
        let first = ((1 + spread) / 2 + (width - 1)) / width
        let expected = mean / width * (jobs + first)
        let short = (spread * (jobs + 1) + (width - 1)) / (jobs + width)
        let ownError = expected * expected * spread / count
        let total = (jobs + 1) * short * mean * mean / (width * width) + ownError
        return (0..<parts).map { part in
            gamma(mean: expected, variance: total, at: (Double(part) + 0.5) / Double(parts))
        }
    }

    private static func estimate(waits: [Double], runs: [Double]) -> JobEstimate? {
        let sorted = runs.sorted()
        let count = min(sorted.count, mostRuns)
        let middles = (0..<count).map { sorted[(2 * $0 + 1) * sorted.count / (2 * count)] }
        let ends = waits.flatMap { wait in middles.map { wait + $0 } }.sorted()
        func quantile(_ share: Double) -> Double { ends[min(ends.count - 1, Int(share * Double(ends.count)))] }
        return JobEstimate(median: quantile(0.5), band: quantile(0.05)...quantile(0.95))
    }

    /// A quantile of the gamma distribution (Wilson and Hilferty, 1931).
    private static func gamma(mean: Double, variance: Double, at share: Double) -> Double {
        guard variance > 0 else { return mean }
        let shape = mean * mean / variance
        let root = 1 - 1 / (9 * shape) + normal(share) / (3 * shape.squareRoot())
        return mean * max(0, root * root * root)
    }

    /// A quantile of the normal distribution, by bisection of a logistic form of it that is right to 0.0002 (Page, 1977).
    private static func normal(_ share: Double) -> Double {
        // 2 * artanh(2p - 1) / 2 = 0.7988 z (1 + 0.04417 z^2).
        let wanted = 2 * share - 1
        var (low, high) = (-4.0, 4.0)
        for _ in 0..<40 {
            let z = (low + high) / 2
            if tanh(0.7988 * z * (1 + 0.04417 * z * z)) < wanted { low = z } else { high = z }
        }
        return (low + high) / 2
    }
}
