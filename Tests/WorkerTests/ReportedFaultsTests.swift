import Model
import Testing

@testable import Worker

@Suite("Faults that every pass finds")
struct ReportedFaultsTests {
    private func fault(_ text: String) -> Failure { Failure(.malformedRecord, text) }

    @Test("One is reported once, again where it changes or comes back, and not for a pass that misses it")
    func once() {
        var reported = ReportedFaults()
        let start = ContinuousClock.now
        func found(_ texts: String..., after seconds: Int) -> [String] {
            reported.unreported(of: texts.map(fault), at: start + .seconds(seconds)).map(\.message)
        }
        #expect(found("a", "b", after: 0) == ["a", "b"])
        #expect(found("a", "c", after: 2) == ["c"])
        #expect(found(after: 4).isEmpty)
        #expect(found("a", "b", after: 200) == [])
        #expect(found("a, changed", after: 202) == ["a, changed"])
        #expect(found("c", after: 400) == ["c"], "it was repaired for a while")
    }

    @Test("It is bounded")
    func bounded() {
        var reported = ReportedFaults()
        let now = ContinuousClock.now
        let many = (1...1500).map { fault("\($0)") }
        #expect(reported.unreported(of: many, at: now).count == 1500)
        #expect(reported.unreported(of: many, at: now).count == 500)
    }
}
