import NIOConcurrencyHelpers

extension ChildProcess {
    /// What is known of a child, and who waits to know more.
    final class Journal: Sendable {
        private struct Waiter: Sendable {
            let predicate: @Sendable (Line) -> Bool
            let continuation: CheckedContinuation<Line?, any Error>
        }

        private struct State: Sendable {
            var lines: [Line] = []
            var isRunning = true
            var exit: Exit?
            var lineWaiters: [Int: Waiter] = [:]
            var exitWaiters: [Int: CheckedContinuation<Exit, any Error>] = [:]
            var nextID = 0
        }

        private let state = NIOLockedValueBox(State())

        var lines: [Line] { state.withLockedValue { $0.lines } }
        var exit: Exit? { state.withLockedValue { $0.exit } }

        func add(_ line: Line) {
            let found = state.withLockedValue { state in
                state.lines.append(line)
                let found = state.lineWaiters.filter { $0.value.predicate(line) }
                for id in found.keys { state.lineWaiters[id] = nil }
                return found
            }
            for waiter in found.values { waiter.continuation.resume(returning: line) }
        }

        func noLongerRunning() {
            state.withLockedValue { $0.isRunning = false }
        }

        /// Does something that is only right as long as the process id is the child's.
        func whileRunning(_ action: () -> Void) {
            state.withLockedValue { state in
                if state.isRunning { action() }
            }
        }

        func finish(_ exit: Exit) {
            let (lineWaiters, exitWaiters) = state.withLockedValue { state in
                state.exit = exit
                defer {
                    state.lineWaiters = [:]
                    state.exitWaiters = [:]
                }
                return (state.lineWaiters, state.exitWaiters)
            }
            for waiter in lineWaiters.values { waiter.continuation.resume(returning: nil) }
            for waiter in exitWaiters.values { waiter.resume(returning: exit) }
        }

        /// The first line that fits; nil where the child has ended without one.
        func firstLine(where predicate: @escaping @Sendable (Line) -> Bool) async throws -> Line? {
            let id = newID()
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    let result = state.withLockedValue { state -> Result<Line?, any Error>? in
                        if let line = state.lines.first(where: predicate) { return .success(line) }
                        if state.exit != nil { return .success(nil) }
                        if Task.isCancelled { return .failure(CancellationError()) }
                        state.lineWaiters[id] = Waiter(predicate: predicate, continuation: continuation)
                        return nil
                    }
                    if let result { continuation.resume(with: result) }
                }
            } onCancel: {
                state.withLockedValue { $0.lineWaiters.removeValue(forKey: id) }?
                    .continuation.resume(throwing: CancellationError())
            }
        }

        func end() async throws -> Exit {
            let id = newID()
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    let result = state.withLockedValue { state -> Result<Exit, any Error>? in
                        if let exit = state.exit { return .success(exit) }
                        if Task.isCancelled { return .failure(CancellationError()) }
                        state.exitWaiters[id] = continuation
                        return nil
                    }
                    if let result { continuation.resume(with: result) }
                }
            } onCancel: {
                state.withLockedValue { $0.exitWaiters.removeValue(forKey: id) }?
                    .resume(throwing: CancellationError())
            }
        }

        private func newID() -> Int {
            state.withLockedValue { state in
                state.nextID += 1
                return state.nextID
            }
        }
    }
}
