import RedisClient
import Testing

/// The arithmetic of waiting before another try.
@Suite struct BackoffTests {
    @Test func `the ceiling doubles up to the limit`() {
        let backoff = Backoff(base: .milliseconds(100), limit: .seconds(1))
        let ceilings = (0..<7).map { backoff.ceiling(retry: $0) }
        #expect(ceilings == [100, 200, 400, 800, 1000, 1000, 1000].map { .milliseconds($0) })
        #expect(backoff.ceiling(retry: .max) == .seconds(1))
        #expect(backoff.ceiling(retry: -5) == .milliseconds(100))
    }

    @Test func `the delay is a part of the ceiling`() {
        let backoff = Backoff(base: .milliseconds(100), limit: .seconds(1))
        #expect(backoff.delay(retry: 2, fraction: 0) == .zero)
        #expect(backoff.delay(retry: 2, fraction: 0.5) == .milliseconds(200))
        #expect(backoff.delay(retry: 2, fraction: 1) == .milliseconds(400))
        #expect(backoff.delay(retry: 2, fraction: 7) == .milliseconds(400))
        #expect(backoff.delay(retry: 2, fraction: -7) == .zero)
    }

    @Test func `any values keep the promises`() {
        for _ in 0..<2000 {
            let base = Duration.microseconds(Int.random(in: -10...10_000_000))
            let limit = Duration.microseconds(Int.random(in: -10...100_000_000))
            let backoff = Backoff(base: base, limit: limit)
            let retry = [0, 1, 2, 3, Int.random(in: 0...100), Int.max].randomElement() ?? 0
            #expect(backoff.base >= .zero)
            #expect(backoff.limit >= backoff.base)
            #expect(backoff.ceiling(retry: retry) <= backoff.limit)
            #expect(backoff.ceiling(retry: retry) >= backoff.base)
            if retry < 100 {
                #expect(backoff.ceiling(retry: retry + 1) >= backoff.ceiling(retry: retry))
            }
            let delay = backoff.delay(retry: retry)
            #expect(delay >= .zero)
            #expect(delay <= backoff.ceiling(retry: retry))
        }
    }

    @Test func `enormous values do not overflow`() {
        let backoff = Backoff(base: .seconds(Int64.max / 4), limit: .seconds(Int64.max / 2))
        #expect(backoff.ceiling(retry: 1000) == backoff.limit)
    }

    @Test func `the jitter is full: delays spread over the whole range`() {
        let backoff = Backoff(base: .seconds(1), limit: .seconds(1))
        let delays = (0..<2000).map { _ in backoff.delay(retry: 3) }
        for tenth in 0..<10 {
            let range = Duration.milliseconds(100 * tenth)..<Duration.milliseconds(100 * (tenth + 1))
            let share = delays.count { range.contains($0) }
            // 200 are due in each tenth; five standard deviations are 67.
            #expect((120...280).contains(share))
        }
    }
}
