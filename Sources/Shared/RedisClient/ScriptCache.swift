import NIOConcurrencyHelpers

/// The digests of the scripts that the server has been given, each loaded once however many callers want it.
///
/// Callers that find a load under way wait for it. Where it fails or its caller is cancelled, one of them tries next.
final class ScriptCache: Sendable {
    /// A digest, and how many loads came before it: shows a caller whose digest was refused whether somebody has
    /// loaded the script again in the meantime.
    struct Entry: Sendable {
        let digest: String
        let generation: Int
    }

    private struct Script {
        var entry: Entry?
        var isLoading = false
        var waiters: [UInt64: CheckedContinuation<Void, any Error>] = [:]
    }

    private enum Turn {
        case loaded(Entry)
        case load(generation: Int)
        case wait
    }

    private struct State {
        var scripts: [RedisScript: Script] = [:]
        var nextWaiter: UInt64 = 0
    }

    private let state = NIOLockedValueBox(State())

    /// The digest of a script, loaded where it is not known.
    ///
    /// - Parameters:
    ///   - script: The script.
    ///   - refused: What the server did not know; nil at the first try.
    ///   - load: Gives the script to the server and returns the digest.
    /// - Returns: A digest that is newer than `refused`.
    /// - Throws: What `load` throws, or `CancellationError`.
    func entry(
        for script: RedisScript,
        after refused: Entry?,
        load: (RedisScript) async throws -> String
    ) async throws -> Entry {
        while true {
            switch takeTurn(script, after: refused) {
            case .loaded(let entry):
                return entry
            case .wait:
                try await waitForLoad(of: script)
            case .load(let generation):
                do {
                    let entry = Entry(digest: try await load(script), generation: generation)
                    finishLoad(of: script, entry)
                    return entry
                } catch {
                    finishLoad(of: script, nil)
                    throw error
                }
            }
        }
    }

    private func takeTurn(_ script: RedisScript, after refused: Entry?) -> Turn {
        state.withLockedValue { state in
            let known = state.scripts[script]
            if let entry = known?.entry, entry.generation > (refused?.generation ?? -1) { return .loaded(entry) }
            if known?.isLoading == true { return .wait }
            state.scripts[script, default: Script()].isLoading = true
            return .load(generation: (known?.entry?.generation ?? -1) + 1)
        }
    }

    private func finishLoad(of script: RedisScript, _ entry: Entry?) {
        let waiters = state.withLockedValue { state in
            defer {
                state.scripts[script]?.isLoading = false
                state.scripts[script]?.waiters = [:]
                if let entry { state.scripts[script]?.entry = entry }
            }
            return state.scripts[script]?.waiters ?? [:]
        }
        for waiter in waiters.values {
            waiter.resume()
        }
    }

    private func waitForLoad(of script: RedisScript) async throws {
        let id = state.withLockedValue { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isQueued = state.withLockedValue { state in
                    guard state.scripts[script]?.isLoading == true else { return false }
                    state.scripts[script]?.waiters[id] = continuation
                    return true
                }
                if !isQueued { continuation.resume() }
                if Task.isCancelled { cancel(id, of: script) }
            }
        } onCancel: {
            cancel(id, of: script)
        }
    }

    private func cancel(_ id: UInt64, of script: RedisScript) {
        state.withLockedValue { $0.scripts[script]?.waiters.removeValue(forKey: id) }?
            .resume(throwing: CancellationError())
    }
}
