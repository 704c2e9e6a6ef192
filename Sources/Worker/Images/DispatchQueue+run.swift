import Dispatch
import Model

extension DispatchQueue {
    /// Runs what may block on a thread of Dispatch's: a file system that hangs holds up no task but the caller's.
    static func runBlocking<Value: Sendable>(
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        try await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: Result { () throws(Failure) in try body() })
            }
        }.get()
    }
}
