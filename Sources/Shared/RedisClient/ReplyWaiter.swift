import NIOConcurrencyHelpers

/// Who waits for the replies of a call.
///
/// Indirect, so that a waiter is one pointer as it moves through the outbox and the line: the layout of a
/// continuation is known at run time only, which makes each copy of it a detour through its metadata.
indirect enum ReplyWaiter: Sendable {
    /// A single command's caller.
    case one(CheckedContinuation<RESPValue, any Error>)
    /// A pipeline's caller, with the results so far; the box is touched on the event loop only, so it never waits.
    case many(CheckedContinuation<[PipelineResult], any Error>, NIOLockedValueBox<[PipelineResult]>, count: Int)

    /// What one command of a pipeline came to.
    typealias PipelineResult = Result<RESPValue, RedisError>

    /// Hands over a reply.
    ///
    /// - Parameters:
    ///   - reply: The reply.
    ///   - isLast: Whether it completes the call.
    func deliver(_ reply: RESPValue, isLast: Bool) {
        switch self {
        case .one(let continuation):
            continuation.resume(returning: reply)
        case .many(let continuation, let results, _):
            let result = reply.redisError.map { PipelineResult.failure($0) } ?? .success(reply)
            results.withLockedValue { $0.append(result) }
            guard isLast else { return }
            continuation.resume(returning: results.withLockedValue { $0 })
        }
    }

    /// Ends the call with an error; a pipeline that was sent keeps the results that it has.
    ///
    /// - Parameter error: Why there are no more replies.
    func fail(_ error: RedisError) {
        switch self {
        case .one(let continuation):
            continuation.resume(throwing: error)
        case .many(let continuation, let results, let count):
            guard error.wasSent else {
                continuation.resume(throwing: error)
                return
            }
            let known = results.withLockedValue { $0 }
            continuation.resume(returning: known + Array(repeating: .failure(error), count: count - known.count))
        }
    }

    /// Ends the call because its task was cancelled.
    func cancel() {
        switch self {
        case .one(let continuation): continuation.resume(throwing: CancellationError())
        case .many(let continuation, _, _): continuation.resume(throwing: CancellationError())
        }
    }
}
