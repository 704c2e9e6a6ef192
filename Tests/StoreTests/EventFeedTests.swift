import Logging
import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("The event feed")
struct EventFeedTests {
    @Test("Subscribers get the events in order, also over an outage of Redis, and the feed ends with its task")
    func outage() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let feed = EventFeed(store: fixture.store, logger: Logger(label: "test"))
            let signals = feed.signals()
            let running = Task { await feed.run() }
            let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
            let heard = Task {
                var jobs: [String] = []
                var wasInterrupted = false
                for await signal in signals {
                    switch signal {
                    case .interrupted: wasInterrupted = true
                    case .events(let events):
                        isReady.finish()
                        jobs += events.filter { $0.type == "job.queued" }.compactMap { $0.fields["job"] }
                    }
                    if jobs.count >= 2 { break }
                }
                return (jobs, wasInterrupted)
            }
            // The feed has its place in the stream once it tells of an event.
            let knocking = Task {
                while !Task.isCancelled {
                    _ = try await fixture.store.redis.send(["XADD", "hvc:events", "*", "type", "ready"])
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            try await within(.seconds(30), "the feed to follow") { for await _ in ready {} }
            knocking.cancel()
            _ = try await fixture.create("one")
            try await eventually("the feed to wait for events") {
                let clients = try await fixture.store.redis.send(["INFO", "clients"]).string ?? ""
                return clients.contains("blocked_clients:1\r\n")
            }
            _ = try await fixture.store.redis.send(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
            _ = try await fixture.create("two")
            let (jobs, wasInterrupted) = try await within(.seconds(10)) { await heard.value }
            #expect(jobs == ["1", "2"])
            #expect(wasInterrupted)
            running.cancel()
            try await within(.seconds(5)) { await running.value }
        }
    }
}
