import NIOConcurrencyHelpers

/// Callers who wait, each for one subject and until its own deadline.
///
/// A caller costs a continuation and an entry here, but no task and no timer: one loop ends expired waits.
final class WaitingCallers<Subject: Identifiable & Sendable, Value: Sendable>: Sendable where Subject.ID: Sendable {
    private struct Wait {
        let subject: Subject
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Value?, Never>
    }

    /// How late a wait may end: the time between two checks for expired waits.
    private static var delay: Duration { .milliseconds(50) }

    private let waits = NIOLockedValueBox([Subject.ID: Wait]())
    /// Signals that a caller waits.
    private let arrivals = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// What callers wait for.
    var subjects: [Subject] { waits.withLockedValue { $0.values.map(\.subject) } }

    /// Waits; a second wait for the same subject ends the first.
    ///
    /// - Parameters:
    ///   - subject: what to wait for.
    ///   - deadline: until when.
    ///   - known: the value if it is there already; checked once the wait has begun, so that none is missed.
    /// - Returns: what the wait ended with; nil at the deadline, or where the task is cancelled.
    func wait(
        for subject: Subject,
        until deadline: ContinuousClock.Instant,
        unless known: () -> Value?
    ) async -> Value? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let wait = Wait(subject: subject, deadline: deadline, continuation: continuation)
                let (isFirst, other) = waits.withLockedValue { waits in
                    (waits.isEmpty, waits.updateValue(wait, forKey: subject.id))
                }
                other?.continuation.resume(returning: nil)
                if isFirst { arrivals.continuation.yield() }
                // A cancellation that came before has found nobody to wake.
                if Task.isCancelled {
                    end(subject.id, with: nil)
                } else if let value = known() {
                    end(subject.id, with: value)
                }
            }
        } onCancel: {
            end(subject.id, with: nil)
        }
    }

    /// Ends a wait, if there is one.
    func end(_ id: Subject.ID, with value: Value?) {
        waits.withLockedValue { $0.removeValue(forKey: id) }?.continuation.resume(returning: value)
    }

    /// Ends all waits.
    func endAll(with value: Value) {
        let ended = waits.withLockedValue { waits in
            defer { waits = [:] }
            return waits
        }
        for wait in ended.values { wait.continuation.resume(returning: value) }
    }

    /// Ends expired waits until the task is cancelled.
    func run() async {
        for await _ in arrivals.stream {
            while !Task.isCancelled, endOverdue() {
                // A cancelled sleep ends the loop.
                try? await Task.sleep(for: Self.delay)
            }
        }
    }

    /// Ends expired waits.
    ///
    /// - Returns: whether others wait.
    private func endOverdue() -> Bool {
        let (overdue, isEmpty) = waits.withLockedValue { waits in
            let now = ContinuousClock.now
            let overdue = waits.filter { $0.value.deadline <= now }
            for id in overdue.keys { waits[id] = nil }
            return (overdue, waits.isEmpty)
        }
        for wait in overdue.values { wait.continuation.resume(returning: nil) }
        return !isEmpty
    }
}
