import Model
import RedisClient

extension AuditReader {
    /// Finds the jobs with a record that the index of jobs lacks (ZSCAN).
    mutating func readJobIndex(_ recorded: Set<JobID>) async throws(Failure) {
        var (unlisted, cursor) = (recorded, "0")
        repeat {
            let command: RedisCommand = ["ZSCAN", store.keys.jobs, cursor, "COUNT", "500"]
            let reply = try await send(command, type: "zset")?.array ?? []
            guard reply.count == 2, let next = reply[0].string else { return }
            for word in reply[1].strings ?? [] where word.hasPrefix("all:") {
                if let job = Int(word.dropFirst(4)).flatMap({ JobID($0) }) { unlisted.remove(job) }
            }
            cursor = next
        } while cursor != "0"
        // One that went since its key was seen is no longer to be listed.
        for job in unlisted where try await send(["EXISTS", store.keys.job(job)])?.int != 1 { unlisted.remove(job) }
        snapshot.unlistedJobs = unlisted
    }
}
