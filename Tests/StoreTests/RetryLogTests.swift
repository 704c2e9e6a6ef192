import Logging
import Model
import Store
import TestKit
import Testing

/// What a loop's log says of calls that fail.
@Suite struct RetryLogTests {
    private let log = KeepingLog()
    private let faults = RetryLog("the queue cannot be read; trying again")
    private let start = ContinuousClock.now

    private func fail(_ code: FailureCode, _ message: String = "hvc:queue is a string", atMS time: Int) {
        faults.note(Failure(code, message), in: log.logger, at: start + .milliseconds(time))
    }

    @Test("A failure that comes twice a second for three minutes is logged once a minute, with how often it came")
    func repeated() {
        for time in stride(from: 0, to: 180_000, by: 500) { fail(.malformedRecord, atMS: time) }
        #expect(log.lines.count == 3)
        #expect(log.lines.allSatisfy { $0.hasPrefix("the queue cannot be read; trying again error=") })
        #expect(log.lines.first?.contains("repeats") == false)
        #expect(log.lines.dropFirst().allSatisfy { $0.contains("repeats=119") })
    }

    @Test("Another failure is logged at once, but no more than sixteen in a minute")
    func bounded() {
        for number in 0..<100 { fail(.malformedRecord, "record \(number)", atMS: number) }
        #expect(log.lines.count == 16)
        fail(.malformedRecord, "record 99", atMS: 60_000)
        #expect(log.lines.count == 17)
    }
}
