import Testing

@testable import Worker

@Suite("When guests are asked about")
struct GuestScheduleTests {
    @Test("Often at first, never more often later, and no more after ten minutes, in a bounded number of rounds")
    func rounds() {
        var age = Duration.zero
        var waits: [Duration] = []
        while let wait = GuestSchedule.wait(atAge: age) {
            waits.append(wait)
            age += wait
        }
        #expect(waits == waits.sorted() && waits.first == .seconds(1) && waits.count < 100)
        #expect((Duration.seconds(600)...Duration.seconds(620)).contains(age))
        for seconds in 0..<2000 {
            let isOver = GuestSchedule.wait(atAge: .seconds(seconds)) == nil
            #expect(isOver == (seconds >= 600), "\(seconds)")
        }
    }
}
