import Model
import Store
import Testing

@testable import Worker

@Suite("When PMs are probed")
struct ProbeScheduleTests {
    private static let periods: [Duration] = [.milliseconds(100), .seconds(1), .seconds(30), .seconds(86_400)]
    private static let start = 1_700_000_000_123

    private func pm(_ number: Int) throws -> PMID { try #require(PMID(number)) }

    @Test("A PM that answers is probed every period exactly, once its first probe is over, however long probes take")
    func steady() throws {
        var generator = SystemRandomNumberGenerator()
        for period in Self.periods {
            let (schedule, length) = (ProbeSchedule(period: period), period.milliseconds)
            for number in [1, 2, 3, 99, 100_000, 1 << 40] {
                let pm = try pm(number)
                let first = schedule.wait(for: pm, at: Self.start, failures: 0).milliseconds
                #expect((length / 4...length * 5 / 4).contains(first), "\(period) \(number): \(first)")
                var due = Self.start + first
                for _ in 1...50 {
                    let end = due + Int.random(in: 0..<max(1, length * 3 / 4), using: &generator)
                    let next = end + schedule.wait(for: pm, at: end, failures: 0).milliseconds
                    #expect(next - due == length)
                    due = next
                }
            }
        }
    }

    @Test(
        "PMs whose first probes end at the same moment are spread over the period",
        arguments: [10, 100, 1_000, 10_000]
    )
    func spread(count: Int) throws {
        let schedule = ProbeSchedule(period: .seconds(30))
        var tenths = [Int](repeating: 0, count: 10)
        for number in 1...count {
            let due = Self.start + schedule.wait(for: try pm(number), at: Self.start, failures: 0).milliseconds
            tenths[due % 30_000 / 3_000] += 1
        }
        #expect(tenths.allSatisfy { abs($0 - count / 10) <= 2 }, "\(tenths)")
    }

    @Test("One that does not answer is probed less and less often, and never less than every eight periods")
    func backOff() throws {
        for period in Self.periods {
            let (schedule, length) = (ProbeSchedule(period: period), period.milliseconds)
            for number in 1...100 {
                for (failures, periods) in [1, 2, 4, 8, 8, 8, 8].enumerated() {
                    let wait = schedule.wait(for: try pm(number), at: Self.start, failures: failures + 1).milliseconds
                    #expect((length * periods - length...length * periods + length / 4).contains(wait))
                    #expect(wait > 0)
                }
                #expect(schedule.wait(for: try pm(number), at: Self.start, failures: .max).milliseconds < length * 9)
            }
        }
    }
}

@Suite("The slots of probes")
struct ProbeSlotsTests {
    @Test(
        "PMs that do not answer never take more than their share, and those that do always find the rest of the slots"
    )
    func shares() {
        var generator = SystemRandomNumberGenerator()
        for limit in [1, 2, 3, 4, 8, 32, 100] {
            var slots = ProbeSlots(limit: limit)
            var underWay: [Bool] = []
            for _ in 1...2_000 {
                let isDown = Bool.random(using: &generator)
                if Bool.random(using: &generator), (isDown ? slots.freeForDown : slots.freeForUsual) > 0 {
                    slots.enter(isDown: isDown)
                    underWay.append(isDown)
                } else if let ended = underWay.indices.randomElement(using: &generator) {
                    slots.leave(isDown: underWay.remove(at: ended))
                }
                let down = underWay.count(where: { $0 })
                #expect(underWay.count <= limit && slots.free == limit - underWay.count)
                #expect(down <= max(1, limit / 4))
                if limit > 1 {
                    #expect(underWay.count - down + slots.freeForUsual == max(1, limit - max(1, limit / 4)))
                }
            }
        }
    }

    @Test("With a single slot both kinds have their turn in it")
    func single() {
        var slots = ProbeSlots(limit: 0)
        #expect(slots.freeForUsual == 1 && slots.freeForDown == 1)
        slots.enter(isDown: true)
        #expect(slots.freeForUsual == 0 && slots.freeForDown == 0)
    }
}
