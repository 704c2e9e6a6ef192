import Model
import Testing

@testable import Worker

@Suite("What a PM may take of a worker's slots")
struct LanesTests {
    @Test("A PM that keeps its jobs takes half of the slots at most; the others are for other PMs")
    func bounded() {
        var lanes = Lanes(slots: 8)
        for _ in 0..<20 { lanes.enter(PMID(1)) }
        #expect(lanes.free == 4)
        for _ in 0..<3 { lanes.enter(PMID(2)) }
        #expect(lanes.free == 1)
        lanes.enter(PMID(3))
        #expect(lanes.free == 0)
        lanes.leave(PMID(2))
        #expect(lanes.free == 1)
        for _ in 0..<17 { lanes.leave(PMID(1)) }
        #expect(lanes.free == 2)
    }

    @Test("However many wait, there is a bound; at the end all slots are free")
    func limits() {
        var lanes = Lanes(slots: 2)
        while lanes.free > 0 { lanes.enter(PMID(1)) }
        #expect(lanes.free == 0)
        for _ in 0..<lanes.limit { lanes.leave(PMID(1)) }
        #expect(lanes.free == 2)
        lanes.leave(PMID(1))
        lanes.leave(nil)
        #expect(lanes.free == 2)
        var single = Lanes(slots: 1)
        single.enter(nil)
        #expect(single.width == 1 && single.free == 0)
    }
}
