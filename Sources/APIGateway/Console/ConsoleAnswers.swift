import Foundation
import Model
import NIOConcurrencyHelpers
import Store

/// Asks workers about consoles, and takes their answers over one read of Redis for all who wait.
final class ConsoleAnswers: Sendable {
    private struct Asked: Identifiable {
        let id: String
    }

    private let store: Store
    /// What workers answer this gateway by.
    private let gateway = UUID().uuidString.lowercased()
    private let callers = WaitingCallers<Asked, ConsoleAnswer>()
    /// Answers that came before their asker began to wait, and some that nobody waits for any more.
    private let early = NIOLockedValueBox([String: ConsoleAnswer]())
    private static let mostEarly = 128
    private let askers = CallerLimit(
        256,
        Failure(.overloaded, "256 questions about consoles are open here, which is the limit: try again")
    )

    /// How long an answer is waited for, and how often it is asked for: a worker may end meanwhile.
    private static let (wait, tries) = (Duration.seconds(8), 3)

    init(store: Store) { self.store = store }

    /// Takes answers until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.callers.run() }
            while !Task.isCancelled {
                do throws(Failure) {
                    guard let answer = try await store.nextConsoleAnswer(to: gateway, waiting: .seconds(10)) else {
                        continue
                    }
                    early.withLockedValue { early in
                        if early.count >= Self.mostEarly { early = [:] }
                        early[answer.id] = answer
                    }
                    callers.end(answer.id, with: answer)
                } catch {
                    // A cancelled sleep ends the loop.
                    try? await Task.sleep(for: .milliseconds(250))
                }
            }
            group.cancelAll()
        }
    }

    /// A part of a console's log.
    func page(
        of vm: VMID,
        from start: ConsoleAsk.Start,
        limit: Int
    ) async throws(Failure) -> ConsolePage {
        let place = try askers.enter()
        defer { withExtendedLifetime(place) {} }
        for _ in 0..<Self.tries {
            var ask = ConsoleAsk(.page, vm)
            (ask.start, ask.limit) = (start, limit)
            if let page = try await answer(to: ask, within: Self.wait) { return page }
            guard !Task.isCancelled else { throw Failure(.deadline, "the call was given up before a worker answered") }
        }
        throw Failure(.noWorker, "no worker has read the console: see whether one is alive, and at its log")
    }

    /// Asks once.
    ///
    /// - Parameters:
    ///   - ask: what to ask.
    ///   - time: how long to wait.
    ///   - send: sends the ask as it is to be answered; nil for the way of most.
    /// - Returns: nil where no worker has answered in time.
    /// - Throws: `Failure`: what the worker says, or what `send` throws.
    func answer(
        to ask: ConsoleAsk,
        within time: Duration,
        send: (@Sendable (ConsoleAsk) async throws(Failure) -> Void)? = nil
    ) async throws(Failure) -> ConsolePage? {
        var ask = ask
        (ask.id, ask.gateway) = (UUID().uuidString.lowercased(), gateway)
        if let send { try await send(ask) } else { try await store.ask(ask) }
        let id = ask.id
        let answer = await callers.wait(for: Asked(id: id), until: .now + time) { early.withLockedValue { $0[id] } }
        early.withLockedValue { $0[id] = nil }
        return try answer?.result.get()
    }
}
