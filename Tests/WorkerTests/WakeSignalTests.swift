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

    @Test("A time that is over before the wait has begun ends it", .timeLimit(.minutes(1)))
    func overBeforeItBegan() async throws {
        let wake = WakeSignal()
        try await within(.seconds(30)) {
            for _ in 0..<50_000 { await wake.wait(atMost: .zero, on: EndlessHurry()) }
        }
    }
}

/// A clock on which every sleep is over at once.
private struct EndlessHurry: WorkerClock {
    var now: ContinuousClock.Instant { .now }
    func sleep(for duration: Duration) async throws {}
}
