import Model
import Testing

@testable import Worker

@Suite("How long a job waits for its next attempt")
struct RetryDelayTests {
    @Test("Waits grow with the failures and are spread")
    func waits() {
        func delay(_ failures: Int, _ fraction: Double) -> Duration {
            let attempt = FailedAttempt(code: .machineUnreachable, isClean: false, earlierFailures: failures)
            guard case .postpone(let wait) = Operation.destroy.retry.decide(after: attempt) else { return .zero }
            return wait.delay(fraction: fraction)
        }
        #expect(delay(0, 0) == .seconds(1) && delay(0, 1) == .seconds(2))
        #expect(delay(3, 0) == .seconds(8) && delay(3, 1) == .seconds(16))
        #expect(delay(50, 1) == .seconds(60))
    }
}
