package import Model

/// What one worker alone does at a time, for all.
package enum SoleTask: String, Sendable {
    /// Sending events to webhooks.
    case webhooks
    /// Sealing the audit log.
    case audit

    /// Its lock's key, without the prefix.
    var lock: String { "lock:" + rawValue }
}

extension Store {
    /// Takes the right to do a task, or keeps it (script `hold_lock`).
    ///
    /// - Parameters:
    ///   - task: the task.
    ///   - holder: who asks; the same holder may ask again to keep the right.
    ///   - duration: how long the right lasts.
    /// - Returns: true where the right is the holder's.
    /// - Throws: `Failure`.
    package func hold(_ task: SoleTask, holder: String, for duration: Duration) async throws(Failure) -> Bool {
        try await hold(lock: task.lock, holder: holder, for: duration)
    }

    /// Gives the right back, where it is the holder's (script `release_lock`).
    package func release(_ task: SoleTask, holder: String) async throws(Failure) {
        try await release(lock: task.lock, holder: holder)
    }

    func hold(lock: String, holder: String, for duration: Duration) async throws(Failure) -> Bool {
        try await run(.holdLock, ["name": lock, "holder": holder, "duration_ms": duration.milliseconds])
    }

    func release(lock: String, holder: String) async throws(Failure) {
        let _: Bool = try await run(.releaseLock, ["name": lock, "holder": holder])
    }
}
