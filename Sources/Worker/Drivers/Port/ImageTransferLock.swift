import Model

/// Lets one worker at a time bring an image to a PM, over all workers.
protocol ImageTransferLock: Sendable {
    /// Runs `body` while nobody else brings this image to this PM.
    ///
    /// - Parameters:
    ///   - pm: the PM.
    ///   - image: the image.
    ///   - body: what to do; it must check first whether another worker did it while this one waited.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` throws, or why the lock was not to be had.
    func withLock<Value: Sendable>(
        pm: PMID,
        image: ImageID,
        _ body: @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value
}

/// For a worker that is the only one; within a process transfers are single anyway.
struct SoleWorker: ImageTransferLock {
    func withLock<Value: Sendable>(
        pm: PMID,
        image: ImageID,
        _ body: @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        try await body()
    }
}
