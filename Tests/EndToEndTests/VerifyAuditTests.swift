import RedisClient
import TestKit
import Testing

@Suite("hvc-worker audit verify")
struct VerifyAuditTests {
    private func verify(_ site: Installation, _ options: String...) async throws -> (status: Int32, text: String) {
        let child = try site.program("hvc-worker", ["audit", "verify"] + options)
        guard case .status(let status) = try await child.waitForExit(within: .seconds(30)) else {
            throw TestKitError("audit verify: \(child.text)")
        }
        return (status, child.text)
    }

    private func change(_ site: Installation) async throws {
        let answer = try await site.http.call("/v1/queue:pause", method: "POST", body: #"{"reason":"why"}"#)
        #expect(answer.status == 200, "\(answer)")
    }

    @Test(
        "It says how many entries are sealed and not, names one that was altered and a head that is not there, by status 1",
        .timeLimit(.minutes(1))
    )
    func verdicts() async throws {
        try await withSimulatedFleet(1, workers: 0) { _, site in
            let worker = try await site.startWorker("one")
            for _ in 1...3 { try await change(site) }
            try await eventually("the worker to seal them", deadline: .seconds(20)) {
                try await site.field("hvc:audit:chain", "count") == "3"
            }
            let whole = try await verify(site)
            #expect(whole.status == 0 && whole.text.contains("3 entries sealed"), "\(whole)")
            let head = try #require(whole.text.firstMatch(of: /head ([0-9a-f]{64}) at entry/)).1
            _ = try await worker.kill()
            try await change(site)
            let tail = try await verify(site, "--head", String(head))
            #expect(tail.status == 0 && tail.text.contains("1 not sealed yet"), "\(tail)")
            let unknown = try await verify(site, "--head", String(repeating: "0", count: 64))
            #expect(unknown.status == 1 && unknown.text.contains("is not in the chain"), "\(unknown)")

            let altered = try await alterSecond(site)
            let found = try await verify(site)
            #expect(found.status == 1, "\(found)")
            #expect(found.text.contains("entry \(altered) was altered since it was sealed"), "\(found)")
        }
    }

    /// Writes the log anew with another reason in its second entry, as whoever can write to Redis may; returns its id.
    private func alterSecond(_ site: Installation) async throws -> String {
        let entries = try await site.redis.send(["XRANGE", "hvc:audit", "-", "+"]).array ?? []
        _ = try await site.redis.send(["DEL", "hvc:audit"])
        for (index, entry) in entries.enumerated() {
            let parts = try #require(entry.array)
            var words = try #require(parts.last?.strings)
            if index == 1 { words[words.count - 1] += "!" }
            let arguments = ["hvc:audit", try #require(parts.first?.string)] + words
            _ = try await site.redis.send(RedisCommand("XADD", arguments: arguments.map(\.redisArgument)))
        }
        return try #require(entries[1].array?.first?.string)
    }
}
