import Dispatch
import Glibc

/// Ctrl-C while something goes on: the work is cancelled, and says how to go on, in place of the process ending.
enum Interrupt {
    /// - Parameters:
    ///   - signals: what cancels it.
    ///   - body: the work.
    /// - Returns: what the work comes to.
    /// - Throws: what the work throws.
    static func cancelling<Value: Sendable>(
        by signals: [Int32] = [SIGINT],
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        for number in signals { signal(number, SIG_IGN) }
        let task = Task { try await body() }
        let sources = signals.map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { task.cancel() }
            source.resume()
            return source
        }
        defer {
            for source in sources { source.cancel() }
            for number in signals { signal(number, SIG_DFL) }
        }
        return try await task.value
    }
}
