package import Model
import RedisClient

extension Store {
    /// Adds how long jobs took; of each kind the latest stay (one round trip).
    package func note(_ samples: [Job.Kind: [JobTimes.Sample]]) async throws(Failure) {
        let commands = samples.flatMap { kind, samples -> [[String]] in
            let words = samples.suffix(JobTimes.kept).map(\.word)
            guard !words.isEmpty else { return [] }
            let key = keys.durations(of: kind)
            return [["LPUSH", key] + words, ["LTRIM", key, "0", "\(JobTimes.kept - 1)"]]
        }
        _ = try await pipeline(commands.map { RedisCommand($0[0], arguments: $0.dropFirst().map(\.redisArgument)) })
    }

    /// How long jobs take, and how much is done at once (three round trips).
    package func jobTimes(of kinds: [Job.Kind]) async throws(Failure) -> JobTimes {
        let replies = try await pipeline(
            [["ZCARD", keys.leases], ["EXISTS", keys.queuePause]]
                + kinds.map { ["LRANGE", keys.durations(of: $0), "0", "\(JobTimes.kept - 1)"] }
        )
        let alive = try await workers(after: nil, limit: 500).records.filter(\.isAlive)
        let samples = zip(kinds, replies.dropFirst(2)).map { kind, reply in
            (kind, (reply.strings ?? []).compactMap { JobTimes.Sample(word: $0) })
        }
        return JobTimes(
            samples: Dictionary(samples) { first, _ in first },
            slots: alive.reduce(0) { $0 + ($1.fields["slots"].flatMap { Int($0) } ?? 1) },
            running: replies[0].int ?? 0,
            isPaused: replies[1].int == 1
        )
    }

    /// Whether a PM has no copy of a VM's image yet; nil where that is not known.
    package func bringsImage(_ vm: VMID, to pm: PMID) async throws(Failure) -> Bool? {
        let replies = try await pipeline([
            ["HGET", keys.vm(vm), "image"], ["HGET", keys.pm(pm), "cached_images"],
        ])
        guard let image = replies[0].string, let cached = replies[1].string else { return nil }
        return !cached.split(separator: ",").contains { $0 == image }
    }
}

extension JobTimes.Sample {
    /// `MS` or `MS image`.
    fileprivate var word: String { "\(Int((seconds * 1000).rounded()))" + (broughtImage ? " image" : "") }

    fileprivate init?(word: String) {
        let parts = word.split(separator: " ")
        guard let first = parts.first, let milliseconds = Int(first), milliseconds >= 0 else { return nil }
        self.init(seconds: Double(milliseconds) / 1000, broughtImage: parts.count == 2)
    }
}
