import Model
import RedisClient

/// Reads the event stream from where it stood when the reader was made, so that nothing is missed.
struct EventReader {
    private let redis: RedisClient
    private let stream: String
    private var position: String

    init(redis: RedisClient, stream: String) async throws {
        self.redis = redis
        self.stream = stream
        let last = try await redis.send(["XREVRANGE", stream, "+", "-", "COUNT", "1"])
        position = last.array?.first?.array?.first?.string ?? "0-0"
    }

    /// Reads until that many jobs have ended well.
    ///
    /// - Parameter count: how many.
    /// - Returns: when the start of each was told here.
    /// - Throws: `Trouble` where one fails or nothing happens; what Redis says.
    mutating func starts(untilEndOf count: Int) async throws -> [JobID: ContinuousClock.Instant] {
        var starts: [JobID: ContinuousClock.Instant] = [:]
        var ended = 0
        while ended < count {
            let events = try await next()
            let now = ContinuousClock.now
            for event in events {
                guard let job = event["job"].flatMap(JobID.init) else { continue }
                switch event["type"] {
                case "job.started": starts[job] = now
                case "job.finished":
                    guard event["state"] == "done" else { throw Trouble("a job failed: \(event)") }
                    ended += 1
                default: continue
                }
            }
        }
        return starts
    }

    private mutating func next() async throws -> [[String: String]] {
        let reply = try await redis.send(["XREAD", "COUNT", "1000", "BLOCK", "30000", "STREAMS", stream, position])
        guard let entries = reply.array?.first?.array?.last?.array else {
            throw Trouble("nothing happened for 30 s: is a worker there?")
        }
        position = entries.last?.array?.first?.string ?? position
        return entries.compactMap { $0.array?.last?.map }
    }
}
