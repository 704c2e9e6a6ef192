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

    /// Reads some of what stands on a simulated PM.
    ///
    /// - Parameters:
    ///   - number: the simulated PM's number.
    ///   - fields: the fields to read.
    /// - Returns: those that are there, and the time now in ms since 1970 by the clock of Redis.
    /// - Throws: `Failure`.
    package func simulatedPM(
        _ number: Int,
        fields: [String]
    ) async throws(Failure) -> (fields: [String: String], now: Int) {
        let read = RedisCommand("HMGET", arguments: ([keys.simulated(number)] + fields).map(\.redisArgument))
        let replies = try await pipeline([read, ["TIME"]])
        guard let values = replies[0].array, values.count == fields.count, let now = replies[1].milliseconds else {
            throw unexpected(replies[0], from: "HMGET")
        }
        let found = zip(fields, values).compactMap { field, value in value.string.map { (field, $0) } }
        return (Dictionary(found) { first, _ in first }, now)
    }

    /// Changes what stands on a simulated PM, where that still is as it was when it was read.
    ///
    /// - Parameters:
    ///   - number: the simulated PM's number.
    ///   - seen: the fields on which the change was decided, as they were; nil for one that was not there.
    ///   - changes: the fields to write; nil for one to delete.
    ///   - allocated: by how many bytes its volumes take more then.
    /// - Returns: false where somebody was faster; then nothing was changed.
    /// - Throws: `Failure`.
    package func changeSimulatedPM(
        _ number: Int,
        seen: [String: String?],
        changes: [String: String?],
        allocated: Int64 = 0
    ) async throws(Failure) -> Bool {
        let fields = seen.flatMap { [$0.key, $0.value ?? ""] } + changes.flatMap { [$0.key, $0.value ?? ""] }
        return try await run(
            .changeSimulated,
            ["machine": number, "allocated": String(allocated), "seen_count": seen.count],
            more: fields
        )
    }
}
