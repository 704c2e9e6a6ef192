import NIOConcurrencyHelpers

/// Those who take the signals of a feed.
final class Subscribers: Sendable {
    private typealias Continuation = AsyncStream<EventFeed.Signal>.Continuation

    private struct State {
        var next = 0
        var continuations: [Int: Continuation] = [:]
        var hasEnded = false
    }

    private let state = NIOLockedValueBox(State())

    func add(keeping limit: Int) -> AsyncStream<EventFeed.Signal> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: EventFeed.Signal.self,
            bufferingPolicy: .bufferingNewest(limit)
        )
        let number = state.withLockedValue { state -> Int? in
            guard !state.hasEnded else { return nil }
            state.next += 1
            state.continuations[state.next] = continuation
            return state.next
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [state] _ in
            _ = state.withLockedValue { $0.continuations.removeValue(forKey: number) }
        }
        return stream
    }

    func publish(_ signal: EventFeed.Signal) {
        let continuations = state.withLockedValue { Array($0.continuations.values) }
        for continuation in continuations { continuation.yield(signal) }
    }

    func end() {
        let continuations = state.withLockedValue { state in
            state.hasEnded = true
            defer { state.continuations = [:] }
            return Array(state.continuations.values)
        }
        for continuation in continuations { continuation.finish() }
    }
}
