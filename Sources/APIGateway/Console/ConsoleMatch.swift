import Model
import Store

/// Waits until a VM's guest has written a text to its console, from the beginning of its present run on.
struct ConsoleMatch: Sendable {
    let feed: ConsoleFeed
    let answers: ConsoleAnswers

    /// How long to wait before a console that cannot be read is tried again.
    private static let pause = Duration.seconds(1)

    /// - Returns: false where the wait is over before.
    /// - Throws: `Failure` with `overloaded`.
    func wait(for text: String, of vm: VMID, until deadline: ContinuousClock.Instant) async throws(Failure) -> Bool {
        guard feed.enter(vm) else { throw .tooManyFollow }
        defer { feed.leave(vm) }
        while .now < deadline, !feed.isStopping, !Task.isCancelled {
            do throws(Failure) {
                let page = try await answers.page(of: vm, from: .boot, limit: ConsoleReader.pageSize)
                let reader = ConsoleReader(page, of: vm, follows: true, feed: feed, answers: answers)
                if try await Self.find(text, by: reader, until: deadline) { return true }
            } catch {
                // Its PM or all workers may be away for a while.
                guard error.code != .notSupported else { throw error }
            }
            // A cancelled sleep ends the loop.
            try? await Task.sleep(for: Self.pause)
        }
        return false
    }

    private static func find(
        _ text: String,
        by reader: ConsoleReader,
        until deadline: ContinuousClock.Instant
    ) async throws(Failure) -> Bool {
        var (reader, matcher) = (reader, ConsoleMatcher(text))
        while case .bytes(let bytes) = try await reader.next(until: deadline) {
            if matcher.find(in: bytes) { return true }
        }
        return false
    }
}
