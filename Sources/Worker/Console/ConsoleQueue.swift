import Model
import NIOConcurrencyHelpers

/// What is to be written to one console, between the tasks that bring it and the thread that writes it.
final class ConsoleQueue: Sendable {
    private struct Item {
        var bytes: [UInt8]
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Failure?, Never>
    }

    private struct State {
        var items: [Item] = []
        /// Why nothing more is written; nil while something may be.
        var end: Failure?
    }

    private let state = NIOLockedValueBox(State())

    /// How long a guest may take to read what was written.
    private static let limit = Duration.seconds(4)

    /// Writes bytes, once what came before is written.
    ///
    /// - Throws: `Failure`: why not all of them were written.
    func write(_ bytes: [UInt8]) async throws(Failure) {
        let failure = await withCheckedContinuation { continuation in
            let end: Failure? = state.withLockedValue { state in
                guard state.end == nil else { return state.end }
                state.items.append(Item(bytes: bytes, deadline: .now + Self.limit, continuation: continuation))
                return nil
            }
            if let end { continuation.resume(returning: end) }
        }
        if let failure { throw failure }
    }

    /// Writes no more; what is still to be written fails.
    func close(_ failure: Failure = .cancelled) {
        let items = state.withLockedValue { state in
            state.end = state.end ?? failure
            defer { state.items = [] }
            return state.items
        }
        for item in items { item.continuation.resume(returning: failure) }
    }

    var isClosed: Bool { state.withLockedValue { $0.end != nil } }

    /// Hands on what is next, as much of it as is taken; for the thread that writes.
    ///
    /// - Parameter send: takes bytes and says how many it took.
    /// - Returns: whether anything was taken.
    /// - Throws: what `send` throws.
    func send(by send: ([UInt8]) throws -> Int) throws -> Bool {
        guard let next = state.withLockedValue({ $0.items.first }) else { return false }
        let count = try send(next.bytes)
        let isOverdue = count == 0 && next.deadline < .now
        let isWritten = count == next.bytes.count
        let isLeft = state.withLockedValue { state in
            // It may have been closed meanwhile.
            guard !state.items.isEmpty else { return false }
            if isWritten || isOverdue { state.items.removeFirst() } else { state.items[0].bytes.removeFirst(count) }
            return true
        }
        if isLeft, isWritten { next.continuation.resume(returning: nil) }
        if isLeft, isOverdue { next.continuation.resume(returning: .guestDoesNotRead) }
        return count > 0
    }
}

extension Failure {
    fileprivate static let guestDoesNotRead = Failure(
        .deadline,
        "the guest does not read its console: part of what was sent may have been written"
    )
}
