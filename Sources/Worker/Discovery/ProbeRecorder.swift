import Model
import NIOConcurrencyHelpers
import Store

/// Writes what probes found: those that end within a moment in one script.
final class ProbeRecorder: Sendable {
    /// What became of one of them.
    typealias Outcome = Result<ProbeOutcome, Failure>

    private struct State {
        var waiting: [(finding: ProbeFinding, continuation: CheckedContinuation<Outcome, Never>)] = []
        var hasEnded = false
    }

    private let state = NIOLockedValueBox(State())
    private let wake = WakeSignal()
    private let clock: any WorkerClock
    private let write: @Sendable ([ProbeFinding]) async throws(Failure) -> [ProbeOutcome]

    /// How long the first of a batch waits for others: a script costs several times what one more finding in it does.
    private static let window = Duration.milliseconds(10)
    /// A batch of so many is written at once, and is the largest: a script must not keep Redis from others for long.
    private static let largest = 32

    /// Makes a recorder; it writes while `run` runs.
    ///
    /// - Parameters:
    ///   - clock: the time.
    ///   - write: writes findings and says what became of each.
    init(
        clock: any WorkerClock = SystemClock(),
        write: @escaping @Sendable ([ProbeFinding]) async throws(Failure) -> [ProbeOutcome]
    ) {
        self.clock = clock
        self.write = write
    }

    /// Writes a finding with others that end at about the same time.
    ///
    /// - Returns: what became of it.
    /// - Throws: `Failure` where it could not be written, or the recorder has ended.
    func record(_ finding: ProbeFinding) async throws(Failure) -> ProbeOutcome {
        let outcome = await withCheckedContinuation { (continuation: CheckedContinuation<Outcome, Never>) in
            let isRefused = state.withLockedValue { state in
                if !state.hasEnded { state.waiting.append((finding, continuation)) }
                return state.hasEnded
            }
            if isRefused { continuation.resume(returning: .failure(.cancelled)) } else { wake.fire() }
        }
        return try outcome.get()
    }

    /// Writes until its task is cancelled; what waits then is not written.
    func run() async {
        while !Task.isCancelled {
            if count == 0 { await wake.wait(atMost: .seconds(60), on: clock) }
            if count < Self.largest { try? await clock.sleep(for: Self.window) }
            let batch = state.withLockedValue { state in
                let batch = Array(state.waiting.prefix(Self.largest))
                state.waiting.removeFirst(batch.count)
                return batch
            }
            guard !batch.isEmpty else { continue }
            do throws(Failure) {
                let outcomes = try await write(batch.map(\.finding))
                for (each, outcome) in zip(batch, outcomes) { each.continuation.resume(returning: .success(outcome)) }
            } catch {
                for each in batch { each.continuation.resume(returning: .failure(error)) }
            }
        }
        let rest = state.withLockedValue { state in
            state.hasEnded = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for each in rest { each.continuation.resume(returning: .failure(.cancelled)) }
    }

    private var count: Int { state.withLockedValue { $0.waiting.count } }
}
