import Foundation
import RedisClient
import Store
import TestKit
import Testing

@Suite("Streams of events over sockets")
struct EventStreamTests {
    private func open(
        _ gateway: LiveGateway,
        _ query: String = "",
        after id: String? = nil,
        reads: Bool = true
    ) async throws -> RawClient {
        let client = try await RawClient(port: gateway.port, reads: reads)
        let last = id.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        try await client.send("GET /v1/events\(query) HTTP/1.1\r\nHost: localhost\r\n\(last)\r\n")
        return client
    }

    /// The ids of all events that came whole, in order.
    private func ids(_ text: String) -> [String] {
        text.matches(of: /id: ([0-9]+-[0-9]+)\ndata: [^\n]*\n\n/).map { String($0.1) }
    }

    private func add(_ gateway: LiveGateway, _ count: Int, text: String = "x") async throws {
        _ = try await gateway.store.redis.pipeline(
            (0..<count).map { _ in ["XADD", "hvc:events", "*", "type", "t", "text", text] }
        )
    }

    private func all(_ gateway: LiveGateway) async throws -> [String] {
        let entries = try await gateway.store.redis.send(["XRANGE", "hvc:events", "-", "+"]).array ?? []
        return entries.compactMap { $0.array?.first?.string }
    }

    @Test("A stream that is cut anywhere goes on behind the last id: no event is lost, none comes twice")
    func cuts() async throws {
        try await LiveGateway.with { gateway in
            try await gateway.fill()
            let before = try await all(gateway)
            let writing = Task {
                for _ in 0..<40 { try await add(gateway, 10) }
            }
            var seen: [String] = []
            var last = try #require(before.last)
            while seen.count < 400 {
                let client = try await open(gateway, after: last)
                let wanted = Int.random(in: 1...60)
                let known = seen.count
                try await eventually("some events") { ids(client.received).count >= min(wanted, 400 - known) }
                await client.close()
                let part = ids(client.received)
                seen += part
                last = part.last ?? last
            }
            try await writing.value
            #expect(seen == Array(try await all(gateway).dropFirst(before.count)))
        }
    }

    @Test("One read of Redis serves all readers")
    func oneRead() async throws {
        try await LiveGateway.with { gateway in
            try await gateway.fill()
            var clients: [RawClient] = []
            for _ in 0..<30 { clients.append(try await open(gateway)) }
            try await eventually("all to have a position") { clients.allSatisfy { $0.received.contains("id: ") } }
            let before = try await commands(gateway)
            for _ in 0..<20 { try await add(gateway, 5) }
            try await eventually("all to have all") { clients.allSatisfy { ids($0.received).count == 100 } }
            let after = try await commands(gateway)
            // 100 XADD of this test and as many reads of the feed at most; a read for each reader would be 600 more.
            #expect(after - before < 400, "\(after - before) commands for 30 readers of 100 events")
            for client in clients { await client.close() }
        }
    }

    private func commands(_ gateway: LiveGateway) async throws -> Int {
        let text = try await gateway.store.redis.send(["INFO", "stats"]).string ?? ""
        let line = text.firstMatch(of: /total_commands_processed:(\d+)/)
        return Int(line?.1 ?? "") ?? 0
    }

    @Test("Readers that never read keep neither memory nor the others", .timeLimit(.minutes(3)))
    func neverReads() async throws {
        try await LiveGateway.with { gateway in
            try await gateway.fill()
            let good = try await open(gateway, "?types=last")
            var bad: [RawClient] = []
            for _ in 0..<50 { bad.append(try await open(gateway, reads: false)) }
            try await eventually("a position") { good.received.contains("id: ") }
            // 16 MB that each of them would have to be sent.
            let text = String(repeating: "x", count: 2048)
            for _ in 0..<80 { try await add(gateway, 100, text: text) }
            _ = try await gateway.store.redis.send(["XADD", "hvc:events", "*", "type", "last"])
            try await eventually("the last event") { good.received.contains(#""type":"last""#) }
            let status = try String(contentsOfFile: "/proc/\(gateway.process.pid)/status", encoding: .utf8)
            let kib = status.firstMatch(of: /VmRSS:\s+(\d+) kB/).flatMap { Int($0.1) } ?? .max
            #expect(kib < 300 << 10, "\(kib) KiB; 50 readers would have 800 MB")
            for client in bad + [good] { await client.close() }
        }
    }

    @Test("A stream ends with the gateway, which does not wait for its readers")
    func stop() async throws {
        try await LiveGateway.with { gateway in
            try await gateway.fill()
            let client = try await open(gateway)
            try await eventually("a position") { client.received.contains("id: ") }
            let start = ContinuousClock.now
            gateway.process.signal(SIGTERM)
            _ = try await gateway.process.waitForExit(within: .seconds(20))
            #expect(.now - start < .seconds(10))
        }
    }
}
