import TestKit
import Testing

@testable import Worker

@Suite("The wake signal")
struct WakeSignalTests {
    @Test("A signal before the wait is kept, many are as one")
    func kept() async throws {
        let wake = WakeSignal()
        wake.fire()
        wake.fire()
        try await within(.seconds(5)) { await wake.wait(atMost: .seconds(60)) }
        #expect(!wake.hasFired)
    }

    @Test("A signal during the wait, the time and a cancellation each end it")
    func ends() async throws {
        let wake = WakeSignal()
        let waiting = Task { await wake.wait(atMost: .seconds(60)) }
        wake.fire()
        try await within(.seconds(5)) { await waiting.value }
        try await within(.seconds(5)) { await wake.wait(atMost: .milliseconds(10)) }
        let cancelled = Task { await wake.wait(atMost: .seconds(60)) }
        cancelled.cancel()
        try await within(.seconds(5)) { await cancelled.value }
    }
}
