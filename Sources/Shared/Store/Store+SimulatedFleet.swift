package import Model
import RedisClient

/// What stands on simulated PMs, which all workers share as they share real ones; no record of ours.
extension Store {
    /// Reads what stands on a simulated PM.
    ///
    /// - Parameter number: the simulated PM's number.
    /// - Returns: the fields of its hash, and the time now in ms since 1970 by the clock of Redis.
    /// - Throws: `Failure`.
    package func simulatedPM(_ number: Int) async throws(Failure) -> (fields: [String: String], now: Int) {
        let replies = try await pipeline([["HGETALL", keys.simulated(number)], ["TIME"]])
        guard let fields = replies[0].map, let now = replies[1].milliseconds else {
            throw unexpected(replies[0], from: "HGETALL")
        }
        return (fields, now)
    }

    /// Changes what stands on a simulated PM, where that still is as it was when it was read.
    ///
    /// - Parameters:
    ///   - number: the simulated PM's number.
    ///   - seen: the fields on which the change was decided, as they were; nil for one that was not there.
    ///   - changes: the fields to write; nil for one to delete.
    /// - Returns: false where somebody was faster; then nothing was changed.
    /// - Throws: `Failure`.
    package func changeSimulatedPM(
        _ number: Int,
        seen: [String: String?],
        changes: [String: String?]
    ) async throws(Failure) -> Bool {
        let fields = seen.flatMap { [$0.key, $0.value ?? ""] } + changes.flatMap { [$0.key, $0.value ?? ""] }
        return try await run(.changeSimulated, ["machine": number, "seen_count": seen.count], more: fields)
    }
}
