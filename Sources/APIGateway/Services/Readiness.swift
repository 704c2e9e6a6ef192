import Model
import Store

/// Lets callers wait while all machines are looked at for the first time since Redis was empty.
struct Readiness: Sendable {
    let feed: EventFeed

    /// How long to wait for the event before asking anyway, should one have been missed.
    private static let patience = Duration.seconds(2)

    /// Asks again, for as long as the answer is that nothing is known yet.
    ///
    /// - Parameters:
    ///   - deadline: when to give up.
    ///   - ask: what to ask.
    /// - Returns: the answer.
    /// - Throws: `Failure`, with `notReady` at the deadline.
    func retrying<Answer: Sendable>(
        until deadline: ContinuousClock.Instant,
        _ ask: () async throws(Failure) -> Answer
    ) async throws(Failure) -> Answer {
        do { return try await ask() } catch {
            guard error.code == .notReady, .now < deadline else { throw error }
        }
        while true {
            // From before the question on, so that an event behind the answer is heard.
            let signals = feed.signals(keeping: 1000)
            do { return try await ask() } catch {
                guard error.code == .notReady, .now < deadline else { throw error }
            }
            await hear(signals, until: min(deadline, .now + Self.patience))
        }
    }

    private func hear(_ signals: AsyncStream<EventFeed.Signal>, until deadline: ContinuousClock.Instant) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await signal in signals where signal.tells(of: "fleet.ready") { return }
            }
            group.addTask { try? await Task.sleep(until: deadline) }
            await group.next()
            group.cancelAll()
        }
    }
}
