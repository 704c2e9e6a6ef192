import Model
import NIOConcurrencyHelpers
import Store

/// Lets callers wait while all PMs are probed for the first time since Redis was empty.
final class Readiness: Sendable {
    /// A caller who waits.
    private struct Caller: Identifiable {
        let id: Int
    }

    private let feed: EventFeed
    private let callers = WaitingCallers<Caller, Void>()
    private let state = NIOLockedValueBox((lastCaller: 0, events: 0))

    /// How long to wait for the event before asking anyway: one may have been missed.
    private static let pollInterval = Duration.seconds(2)

    init(feed: EventFeed) {
        self.feed = feed
    }

    /// Follows the stream until it ends.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.callers.run() }
            for await signal in feed.signals() where signal.contains("fleet.ready") {
                state.withLockedValue { $0.events += 1 }
                callers.endAll(with: ())
            }
            group.cancelAll()
        }
    }

    /// Repeats a request while it fails with `notReady`.
    ///
    /// - Parameters:
    ///   - deadline: when to give up.
    ///   - ask: what to ask.
    /// - Returns: the answer.
    /// - Throws: `Failure`, with `notReady` at the deadline.
    func retrying<Answer: Sendable>(
        until deadline: ContinuousClock.Instant,
        _ ask: @escaping @Sendable () async throws(Failure) -> Answer
    ) async throws(Failure) -> Answer {
        while true {
            // From before the question on, so that an event behind the answer counts.
            let events = state.withLockedValue(\.events)
            do { return try await apart(ask).get() } catch {
                guard error.code == .notReady, .now < deadline else { throw error }
            }
            await wait(until: min(deadline, .now + Self.pollInterval), since: events)
        }
    }

    /// Asks in a task of its own, whose stack is freed with it: a caller's own task would keep the stack of this request
    /// through all of the wait that follows.
    private func apart<Answer: Sendable>(
        _ ask: @escaping @Sendable () async throws(Failure) -> Answer
    ) async -> Result<Answer, Failure> {
        async let answer = result(of: ask)
        return await answer
    }

    private func result<Answer: Sendable>(
        of ask: @Sendable () async throws(Failure) -> Answer
    ) async -> Result<Answer, Failure> {
        do throws(Failure) { return .success(try await ask()) } catch { return .failure(error) }
    }

    private func wait(until deadline: ContinuousClock.Instant, since events: Int) async {
        let number = state.withLockedValue { state in
            state.lastCaller += 1
            return state.lastCaller
        }
        _ = await callers.wait(for: Caller(id: number), until: deadline) {
            state.withLockedValue(\.events) == events ? nil : ()
        }
    }
}
