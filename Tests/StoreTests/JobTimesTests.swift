import Foundation
import Model
import TestKit
import Testing

@Suite("Estimates of when jobs will have ended")
struct JobTimesTests {
    private func times(_ seconds: [Double], slots: Int = 2, running: Int = 2) -> JobTimes {
        JobTimes(samples: [.create: seconds.map { .init(seconds: $0) }], slots: slots, running: running)
    }

    @Test("Without samples, workers or a queue that goes on, there is none")
    func none() {
        let seconds = Array(repeating: 2.0, count: 20)
        #expect(times(seconds).estimate(.create, .queued(ahead: 0)) != nil)
        #expect(times(seconds).estimate(.destroy, .queued(ahead: 0)) == nil)
        #expect(times(Array(seconds.dropLast())).estimate(.create, .queued(ahead: 0)) == nil)
        #expect(times(seconds, slots: 0).estimate(.create, .queued(ahead: 0)) == nil)
        var paused = times(seconds)
        paused.isPaused = true
        #expect(paused.estimate(.create, .queued(ahead: 0)) == nil)
        #expect(paused.estimate(.create, .running(seconds: 1, bringsImage: nil)) != nil)
    }

    @Test("Jobs that all take the same time are told to the second")
    func constant() throws {
        let times = times(Array(repeating: 10, count: 50), slots: 1, running: 1)
        let running = try #require(times.estimate(.create, .running(seconds: 4, bringsImage: nil)))
        #expect(running.band == 6...6)
        let behind = try #require(times.estimate(.create, .behind(ahead: 3)))
        #expect((35...55).contains(behind.median))
        let free = try #require(
            self.times(Array(repeating: 10, count: 50), slots: 4).estimate(.create, .queued(ahead: 1))
        )
        #expect(free.band == 10...10)
    }

    @Test(
        "One that takes longer than all others gets times ahead; any input gets finite ones, in order",
        arguments: 0..<200
    )
    func finite(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let seconds = (0..<random.number(20...200)).map { _ in
            random.chance(10) ? 0 : random.fraction() * Double(random.number(1...1000))
        }
        let times = times(seconds, slots: random.number(1...500), running: random.number(0...500))
        let progress: JobProgress = random.element(of: [
            .queued(ahead: random.number(0...1_000_000)), .behind(ahead: random.number(0...100)),
            .deferred(seconds: random.fraction() * 100 - 10),
            .running(seconds: random.fraction() * 2000, bringsImage: random.element(of: [true, false, nil])),
        ])
        let estimate = try #require(times.estimate(.create, progress))
        #expect(estimate.band.upperBound.isFinite && estimate.band.contains(estimate.median))
        #expect(estimate.band.lowerBound >= 0)
    }

    @Test("Of 5,000 jobs nine in ten end within the band, and half before the median")
    func calibrated() async throws {
        var (within, before) = (0.0, 0.0)
        let queues = [(slots: 1, load: 0.8), (slots: 4, load: 0.9), (slots: 16, load: 0.95), (slots: 64, load: 1.1)]
        for (slots, load) in queues {
            var queue = SimulatedQueue(slots: slots, load: load, seed: 1)
            let told = await queue.run(jobs: 1250)
            #expect((0.8...0.97).contains(told.within), "\(slots) slots: \(told)")
            within += told.within / 4
            before += told.before / 4
        }
        #expect((0.85...0.95).contains(within), "\(within) within")
        #expect((0.45...0.55).contains(before), "\(before) before the median")
    }
}

/// Jobs that come at random to a queue that some slots serve in order, in virtual time.
///
/// An estimate of each is asked for when it comes, or at an age that does not depend on how long it takes.
private struct SimulatedQueue {
    private struct Simulated {
        let arrival: Double
        let start: Double
        let end: Double
        let bringsImage: Bool
    }

    private let slots: Int
    private let load: Double
    private var random: SplitMix64

    init(slots: Int, load: Double, seed: UInt64) {
        (self.slots, self.load, random) = (slots, load, SplitMix64(seed: seed))
    }

    /// How many of those told ended within the band, and before the median.
    mutating func run(jobs count: Int) async -> (within: Double, before: Double) {
        let jobs = history(of: 3 * count)
        let ended = jobs.sorted { $0.end < $1.end }
        let (starts, ends) = (jobs.map(\.start), ended.map(\.end))
        var (within, before, told) = (0, 0, 0)
        for (number, job) in jobs.enumerated().dropFirst(300) where told < count {
            let now = job.arrival + (random.chance(50) ? 0 : 60 * random.fraction())
            guard now < job.end else { continue }
            let (begun, done) = (starts.count(upTo: now), ends.count(upTo: now))
            let past = ended[..<done].suffix(JobTimes.kept).reversed().map {
                JobTimes.Sample(seconds: $0.end - $0.start, broughtImage: $0.bringsImage)
            }
            let progress: JobProgress =
                now < job.start
                ? .queued(ahead: number - begun) : .running(seconds: now - job.start, bringsImage: job.bringsImage)
            let times = JobTimes(samples: [.create: past], slots: slots, running: begun - done)
            guard let estimate = times.estimate(.create, progress) else { continue }
            told += 1
            // Other tests want the threads, too.
            if told.isMultiple(of: 20) { await Task.yield() }
            if estimate.band.contains(job.end - now) { within += 1 }
            if job.end - now < estimate.median { before += 1 }
        }
        #expect(told == count)
        return (Double(within) / Double(told), Double(before) / Double(told))
    }

    private mutating func history(of count: Int) -> [Simulated] {
        var free = Array(repeating: 0.0, count: slots)
        var (now, jobs) = (0.0, [Simulated]())
        // One in seven brings its image, which takes ten times as long.
        let mean = (6 * 2.2 + 22.7) / 7
        for _ in 0..<count {
            // Some come many at once.
            if !random.chance(30) { now -= log(1 - random.fraction()) * mean / Double(slots) / load / 0.7 }
            let bringsImage = random.number(1...7) == 1
            let slot = free.indices.min { free[$0] < free[$1] } ?? 0
            let start = max(now, free[slot])
            free[slot] = start + (bringsImage ? 20 : 2) * exp(0.5 * normal())
            jobs.append(Simulated(arrival: now, start: start, end: free[slot], bringsImage: bringsImage))
        }
        return jobs
    }

    private mutating func normal() -> Double {
        (-2 * log(1 - random.fraction())).squareRoot() * cos(2 * Double.pi * random.fraction())
    }
}

extension [Double] {
    /// How many of these, in order, are up to a limit.
    fileprivate func count(upTo limit: Double) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] <= limit { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
