import Model
import Testing

@testable import Worker

@Suite("What a PM may take of a worker's slots")
struct PMConcurrencyLimiterTests {
    @Test("A PM that keeps its jobs takes half of the slots at most; the others are for other PMs")
    func bounded() {
        var limiter = PMConcurrencyLimiter(slots: 8)
        for _ in 0..<20 { limiter.enter(PMID(1)) }
        #expect(limiter.free == 4)
        for _ in 0..<3 { limiter.enter(PMID(2)) }
        #expect(limiter.free == 1)
        limiter.enter(PMID(3))
        #expect(limiter.free == 0)
        limiter.leave(PMID(2))
        #expect(limiter.free == 1)
        for _ in 0..<17 { limiter.leave(PMID(1)) }
        #expect(limiter.free == 2)
    }

    @Test("However many wait, there is a bound; at the end all slots are free")
    func limits() {
        var limiter = PMConcurrencyLimiter(slots: 2)
        while limiter.free > 0 { limiter.enter(PMID(1)) }
        #expect(limiter.free == 0)
        for _ in 0..<limiter.limit { limiter.leave(PMID(1)) }
        #expect(limiter.free == 2)
        limiter.leave(PMID(1))
        limiter.leave(nil)
        #expect(limiter.free == 2)
        var single = PMConcurrencyLimiter(slots: 1)
        single.enter(nil)
        #expect(single.slotsPerPM == 1 && single.free == 0)
    }
}
