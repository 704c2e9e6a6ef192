package import Model
import RedisClient

/// What becomes of a create that waits for room when some was freed.
package enum RoomOffer: String, Hashable, Sendable {
    /// It comes back to its place in the queue.
    case wake
    /// No PM has room for what it asks for.
    case full
}

extension Store {
    /// The oldest creates that wait for room, of each thing that is asked for and was not considered by now.
    ///
    /// - Parameters:
    ///   - version: the version of headroom by which they are to be considered.
    ///   - limit: how many at most.
    /// - Returns: their entries, oldest first.
    /// - Throws: `Failure`.
    package func roomWaiters(asOf version: String, limit: Int) async throws(Failure) -> [QueueSnapshot.Line] {
        let reply: RoomReply = try await run(.readRoom, ["room": version, "most": limit])
        return reply.lines
    }

    /// Brings creates that waited for room back to their places in the queue, and notes for what else there is none.
    ///
    /// - Parameters:
    ///   - offers: what becomes of each.
    ///   - version: the version of headroom that this was decided by.
    /// - Returns: how many came back.
    /// - Throws: `Failure`.
    package func offerRoom(_ offers: [(job: JobID, offer: RoomOffer)], asOf version: String) async throws(Failure)
        -> Int
    {
        let words = offers.flatMap { [$0.job.description, $0.offer.rawValue] }
        return try await run(.wakeRoom, ["room": version], more: words)
    }
}

/// What the script answers that reads entries.
private struct RoomReply: ScriptReply {
    let lines: [QueueSnapshot.Line]

    init?(_ reply: RESPValue, keys: Keys) {
        guard let rows = reply.array else { return nil }
        lines = rows.map { QueueSnapshot.Line($0, placedOn: nil) }
    }
}
