/// How many jobs came and ended within the last minute, by the second.
struct MinuteRates {
    /// What was counted within a window.
    struct Reading: Hashable {
        let accepted: Int
        let finished: Int
        let window: Duration
    }

    private struct Second {
        var number = -1
        var accepted = 0
        var finished = 0
    }

    private static let count = 60
    private let start: ContinuousClock.Instant
    private var seconds = [Second](repeating: Second(), count: MinuteRates.count)

    init(since start: ContinuousClock.Instant) { self.start = start }

    mutating func noteAccepted(at now: ContinuousClock.Instant) { seconds[index(at: now)].accepted += 1 }

    mutating func noteFinished(at now: ContinuousClock.Instant) { seconds[index(at: now)].finished += 1 }

    mutating func reading(at now: ContinuousClock.Instant) -> Reading {
        let newest = number(at: now)
        let recent = seconds.filter { $0.number > newest - Self.count }
        return Reading(
            accepted: recent.reduce(0) { $0 + $1.accepted },
            finished: recent.reduce(0) { $0 + $1.finished },
            window: min(now - start, .seconds(Self.count))
        )
    }

    private func number(at now: ContinuousClock.Instant) -> Int { Int((now - start).components.seconds) }

    /// The place of a second, emptied where an earlier one has it.
    private mutating func index(at now: ContinuousClock.Instant) -> Int {
        let number = number(at: now)
        let index = number % Self.count
        if seconds[index].number != number { seconds[index] = Second(number: number) }
        return index
    }
}
