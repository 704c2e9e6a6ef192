import NIOConcurrencyHelpers

/// Callers who wait, each for one subject and until its own deadline; several may wait for the same one.
///
/// A caller costs a continuation and an entry here, but no task and no timer: one loop ends expired waits.
final class WaitingCallers<Subject: Identifiable & Sendable, Value: Sendable>: Sendable where Subject.ID: Sendable {
    fileprivate struct Wait {
        let number: Int
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Value?, Never>
    }

    fileprivate struct State {
        var lastNumber = 0
        var waits: [Subject.ID: (subject: Subject, waits: [Wait])] = [:]
    }

    /// How late a wait may end: the time between two checks for expired waits.
    private static var delay: Duration { .milliseconds(50) }

    private let state = NIOLockedValueBox(State())
    /// Signals that a caller waits.
    private let arrivals = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// What callers wait for, each once.
    var subjects: [Subject] { state.withLockedValue { $0.waits.values.map(\.subject) } }

    /// Waits.
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
        let number = state.withLockedValue { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let wait = Wait(number: number, deadline: deadline, continuation: continuation)
                let isFirst = state.withLockedValue { state in
                    defer { state.waits[subject.id, default: (subject, [])].waits.append(wait) }
                    return state.waits.isEmpty
                }
                if isFirst { arrivals.continuation.yield() }
                // A cancellation that came before has found nobody to wake.
                if Task.isCancelled {
                    end(number, of: subject.id, with: nil)
                } else if let value = known() {
                    end(number, of: subject.id, with: value)
                }
            }
        } onCancel: {
            end(number, of: subject.id, with: nil)
        }
    }

    /// Whether anybody waits for this.
    func isAwaited(_ id: Subject.ID) -> Bool { state.withLockedValue { $0.waits[id] != nil } }

    /// Ends all waits for a subject, if there are any.
    func end(_ id: Subject.ID, with value: Value?) {
        let ended = state.withLockedValue { $0.waits.removeValue(forKey: id)?.waits ?? [] }
        for wait in ended { wait.continuation.resume(returning: value) }
    }

    /// Ends all waits.
    func endAll(with value: Value) {
        let ended = state.withLockedValue { state in
            defer { state.waits = [:] }
            return state.waits.values.flatMap(\.waits)
        }
        for wait in ended { wait.continuation.resume(returning: value) }
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

    /// Ends one wait, unless it has ended.
    private func end(_ number: Int, of id: Subject.ID, with value: Value?) {
        let ended = state.withLockedValue { $0.remove(of: id) { $0.number == number } }
        for wait in ended { wait.continuation.resume(returning: value) }
    }

    /// Ends expired waits.
    ///
    /// - Returns: whether others wait.
    private func endOverdue() -> Bool {
        let (overdue, isEmpty) = state.withLockedValue { state in
            let now = ContinuousClock.now
            let subjects = state.waits.filter { $0.value.waits.contains { $0.deadline <= now } }.keys
            return (subjects.flatMap { id in state.remove(of: id) { $0.deadline <= now } }, state.waits.isEmpty)
        }
        for wait in overdue { wait.continuation.resume(returning: nil) }
        return !isEmpty
    }
}

extension WaitingCallers.State {
    /// Removes the waits for a subject that are so.
    fileprivate mutating func remove(
        of id: Subject.ID,
        where isMeant: (WaitingCallers.Wait) -> Bool
    ) -> [WaitingCallers.Wait] {
        guard let found = waits[id]?.waits.filter(isMeant), !found.isEmpty else { return [] }
        waits[id]?.waits.removeAll(where: isMeant)
        if waits[id]?.waits.isEmpty == true { waits[id] = nil }
        return found
    }
}
