package import Model
import RedisClient

extension Store {
    /// Those of some PMs that are listed, in one call (ZMSCORE).
    ///
    /// - Parameter ids: the PMs' numbers.
    /// - Returns: the numbers of the listed ones.
    /// - Throws: `Failure`.
    package func listedPMs(among ids: [PMID]) async throws(Failure) -> Set<PMID> {
        guard !ids.isEmpty else { return [] }
        let reply = try await pipeline([
            RedisCommand("ZMSCORE", arguments: ([keys.pms] + ids.map(\.description)).map(\.redisArgument))
        ])[0]
        guard let scores = reply.array, scores.count == ids.count else { throw unexpected(reply, from: "ZMSCORE") }
        return Set(zip(ids, scores).compactMap { id, score in score.isNull ? nil : id })
    }
}
