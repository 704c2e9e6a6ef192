/// Waits until a condition holds, for things that tell nobody when they change.
///
/// Where there is an event to wait for, wait for that.
///
/// - Parameters:
///   - what: What is waited for, for the error.
///   - limit: How long to wait at most.
///   - interval: How long to wait between two checks.
///   - condition: Whether it is so; an error counts as no, and the last one is reported at the end.
/// - Throws: ``TestKitError`` where it did not become so in time; `CancellationError`.
package func eventually(
    _ what: String = "the condition",
    deadline limit: Duration = .seconds(10),
    every interval: Duration = .milliseconds(20),
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while true {
        var lastError: (any Error)?
        do {
            if try await condition() { return }
        } catch let error as CancellationError {
            throw error
        } catch {
            lastError = error
        }
        guard clock.now < end else {
            let because = lastError.map { "; last error: \($0)" } ?? ""
            throw TestKitError("\(what) did not come about within \(limit)\(because)")
        }
        try await Task.sleep(for: interval)
    }
}

/// Runs an operation that must end in time, and cancels it where it does not.
///
/// - Parameters:
///   - limit: How long it may take.
///   - what: What it is, for the error.
///   - operation: The operation; must end when cancelled.
/// - Returns: What the operation returned.
/// - Throws: ``TestKitError`` where it took too long; what the operation throws.
package func within<Value: Sendable>(
    _ limit: Duration,
    _ what: String = "the operation",
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else {
            throw TestKitError("\(what) did not end within \(limit)")
        }
        return value
    }
}
