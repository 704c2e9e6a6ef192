import Logging
import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("The event feed")
struct EventFeedTests {
    @Test("Events that were cut away before the feed read them are reported as an interruption, and asked of Redis")
    func cut() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            let feed = EventFeed(store: store, logger: Logger(label: "test"), remembering: 20_000)
            let signals = feed.signals()
            let running = Task { await feed.run() }
            try await eventually("the feed to follow") { feed.recent.last != nil }
            let before = try await store.lastEvent()
            // At once, so that the feed reads behind all of it.
            let add = "for i = 1, ARGV[1] do redis.call('XADD', KEYS[1], 'MAXLEN', 10000, '*', 'type', 't', 'n', i) end"
            func happen(_ count: Int) async throws {
                _ = try await store.redis.send(["EVAL", add, "1", "hvc:events", count])
                let last = try await store.lastEvent()
                try await eventually("the feed to have read them") { feed.recent.last == last }
            }
            try await happen(9_000)
            guard case .events = feed.recent.events(after: before, limit: 9) else {
                throw TestKitError("a lag without a gap is taken for one")
            }
            let middle = try await store.lastEvent()
            try await happen(10_500)
            for position in [before, middle] {
                guard case .unknown = feed.recent.events(after: position, limit: 9) else {
                    throw TestKitError("the gap is hidden")
                }
                let failure = await #expect(throws: Failure.self) {
                    try await store.eventPage(after: position, limit: 9)
                }
                #expect(failure?.code == .cursorExpired)
            }
            running.cancel()
            await running.value
            var (interruptions, events) = (0, 0)
            for await signal in signals {
                switch signal {
                case .interrupted: interruptions += 1
                case .events(let some): events += some.count
                }
            }
            #expect(interruptions == 1 && events == 19_000)
        }
    }

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
