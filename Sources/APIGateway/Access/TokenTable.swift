import Digest
import Foundation
import Logging
import Model
import NIOConcurrencyHelpers
import Store

/// The tokens of `/v1/tokens` in memory, so that a request asks nothing of Redis.
///
/// It follows the events of tokens: one that was revoked is refused within milliseconds. While Redis is away none is taken,
/// since nobody knows which were revoked.
final class TokenTable: Sendable {
    private struct State {
        /// By digest; nil while they are not known.
        var tokens: [String: AccessToken]?
        /// Whether there were any when they were known last; nil before that.
        var hasAny: Bool?
        var suspension: String?
        /// The clock of Redis less that of this machine, in ms.
        var clockLead = 0
        /// Nil until what an earlier run remembered was read.
        var history: TokenHistory?
    }

    private let store: Store
    private let feed: EventFeed
    /// Nil where the history ends with the gateway.
    private let file: TokenHistoryFile?
    private let logger: Logger
    private let fileFaults = RetryLog(
        "what is known of tokens is not kept: that Redis goes back may not be noticed later"
    )
    private let faults = RetryLog("the tokens cannot be read; only HVC_API_TOKEN is taken until they can")
    private let state = NIOLockedValueBox(State())
    /// The last reading that was asked for.
    private let reading = NIOLockedValueBox<Task<Void, Never>?>(nil)

    /// How often tokens are read though no event said that they changed: one may have been missed.
    private static let period = Duration.seconds(30)

    init(store: Store, feed: EventFeed, file: TokenHistoryFile? = nil, logger: Logger) {
        (self.store, self.feed, self.file, self.logger) = (store, feed, file, logger)
    }

    /// Whether there are any, or were when they were last known.
    ///
    /// - Throws: `Failure` where that was never known, and Redis does not say.
    func hasTokens() async throws(Failure) -> Bool {
        if let known = state.withLockedValue(\.hasAny) { return known }
        return try await store.hasTokens()
    }

    /// Who has the token of a digest; nil for nobody.
    ///
    /// - Throws: `Failure`: `storeUnavailable` while that is not known, `forbidden` while all are suspended, `unauthorized`
    ///   where it has expired.
    func caller(with digest: SHA256Digest) throws(Failure) -> Caller? {
        let (tokens, suspension, lead) = state.withLockedValue { ($0.tokens, $0.suspension, $0.clockLead) }
        guard let tokens else {
            throw Failure(.storeUnavailable, "tokens cannot be checked while Redis is away: try again")
        }
        guard let known = tokens[digest.hex] else { return nil }
        if let suspension {
            throw Failure(
                .forbidden,
                "tokens are suspended until an administrator has confirmed them (POST /v1/tokens:confirm with "
                    + "HVC_API_TOKEN): \(suspension)"
            )
        }
        if let end = known.expiresAt, Int(Date().timeIntervalSince1970 * 1000) + lead >= end {
            throw Failure(.unauthorized, "the token '\(known.name)' has expired: ask for a new one")
        }
        return Caller(
            name: known.name,
            role: known.role,
            project: known.project,
            token: known.id,
            expiresAt: known.expiresAt
        )
    }

    /// Follows the tokens until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { [self] in
                while !Task.isCancelled {
                    await read()
                    try? await Task.sleep(for: Self.period)
                }
            }
            for await signal in feed.signals() {
                switch signal {
                case .interrupted:
                    state.withLockedValue { $0.tokens = nil }
                    await read()
                case .events(let events) where events.contains { $0.type.hasPrefix("token.") }: await read()
                case .events: break
                }
            }
            group.cancelAll()
        }
    }

    /// Reads them, after all readings that were asked for before: what was read earlier and is taken in later would look as
    /// if Redis had gone back.
    func read() async {
        let task = reading.withLockedValue { last in
            let task = Task { [last] in
                await last?.value
                await readNow()
            }
            last = task
            return task
        }
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Reads them, again and again while Redis does not answer.
    private func readNow() async {
        await loadHistory()
        while !Task.isCancelled {
            do throws(Failure) {
                let asked = Date()
                try await take(try await store.tokens(), at: asked)
                return
            } catch {
                state.withLockedValue { $0.tokens = nil }
                faults.note(error, in: logger)
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    private func loadHistory() async {
        guard state.withLockedValue({ $0.history == nil }) else { return }
        var history = TokenHistory()
        if let file {
            // Without it nothing is known of before, as where there is none.
            do throws(Failure) { history = try await file.read() } catch { fileFaults.note(error, in: logger) }
        }
        state.withLockedValue { [history] in $0.history = history }
    }

    private func take(_ snapshot: TokenSnapshot, at time: Date) async throws(Failure) {
        let old = state.withLockedValue(\.history) ?? TokenHistory()
        var history = old
        let setback = history.note(snapshot).map { "Redis went back to an older copy of its data: \($0)" }
        // Remembered after the tokens are suspended: where that fails, the next reading finds the same.
        if let reason = setback {
            if try await store.suspendTokens(because: reason) {
                logger.error("tokens are suspended", metadata: ["reason": "\(reason)"])
            }
        }
        if let file, history != old {
            do throws(Failure) { try await file.write(history) } catch { fileFaults.note(error, in: logger) }
        }
        state.withLockedValue { [history] state in
            state.history = history
            state.tokens = Dictionary(snapshot.tokens.map { ($0.digest, $0) }) { first, _ in first }
            state.hasAny = !snapshot.tokens.isEmpty
            state.suspension = snapshot.suspension ?? setback
            state.clockLead = snapshot.time - Int(time.timeIntervalSince1970 * 1000)
        }
    }
}
