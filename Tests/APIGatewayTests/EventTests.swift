import API
import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("Events by long polling, and as a stream")
struct EventTests {
    private func page(_ gateway: InProcessGateway, _ query: String) async throws -> EventPage {
        let answer = try await gateway.http.call("/v1/events?" + query)
        #expect(answer.status == 200, "\(answer)")
        return try JSONDecoder().decode(EventPage.self, from: Data(answer.body.utf8))
    }

    private func add(_ store: Store, _ number: Int, type: String = "vm.started") async throws {
        _ = try await store.redis.send(["XADD", "hvc:events", "*", "type", type, "vm", number, "state", "running"])
    }

    @Test("Who asks again and again behind the last answer gets each event once, in order, however it is cut off")
    func resume() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            let list = try await gateway.http.call("/v1/vms")
            let page = try JSONDecoder().decode(Page<VMResponse>.self, from: Data(list.body.utf8))
            let writing = Task {
                for number in 1...300 { try await add(gateway.store, number) }
            }
            var (seen, cursor) = ([Int](), page.eventsCursor)
            while seen.count < 300 {
                // Some polls are given up while they wait: what they would have had comes by the next.
                let poll = Task { [cursor] in try await self.page(gateway, "since=\(cursor)&wait=10&limit=7&types=vm.*")
                }
                if Bool.random() {
                    try await Task.sleep(for: .milliseconds(2))
                    poll.cancel()
                    _ = await poll.result
                    continue
                }
                let part = try await poll.value
                seen += part.items.compactMap { $0.vmID?.value }
                cursor = part.nextCursor
            }
            try await writing.value
            #expect(seen == Array(1...300))
        }
    }

    @Test("A poll ends with the event that it waits for; other types go by; without an event it ends when it is to")
    func waiting() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            let last = try await gateway.store.lastEvent()
            try await eventually("the gateway to have read them") { try await gateway.events.last() == last }
            let start = ContinuousClock.now
            async let poll = page(gateway, "wait=30&types=vm.stopped,pm.*")
            try await eventually("a reader to wait") { gateway.readersWait }
            try await add(gateway.store, 1)
            try await add(gateway.store, 2, type: "vm.stopped")
            let found = try await poll
            #expect(found.items.map(\.type) == ["vm.stopped"] && found.items[0].vmID == VMID(2))
            #expect(found.items[0].state == "running" && found.items[0].at.hasSuffix("Z"))
            #expect(.now - start < .seconds(20))
            let none = try await page(gateway, "since=\(found.nextCursor)&wait=0")
            #expect(none.items.isEmpty && none.nextCursor == found.nextCursor)
            let json = try await gateway.http.call("/v1/events", headers: ["Accept": "application/json"])
            #expect(json.status == 200 && json.headers["content-type"] == "application/json")
        }
    }

    @Test("A reader that waits while more happens than is kept is told so, and misses nothing in silence")
    func overtaken() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            let start = try await gateway.store.lastEvent()
            try await eventually("the gateway to have read them") { try await gateway.events.last() == start }
            async let poll = gateway.http.call("/v1/events?since=\(start)&wait=30&types=vm.stopped")
            async let stream = gateway.http.call("/v1/events?since=\(start)&types=vm.stopped")
            try await eventually("both to wait") { gateway.readerCount == 2 }
            let add = "for i = 1, 10500 do redis.call('XADD', KEYS[1], 'MAXLEN', 10000, '*', 'type', 't', 'n', i) end"
            _ = try await gateway.store.redis.send(["EVAL", add, "1", "hvc:events"])
            let answer = try await poll
            #expect(answer.status == 410 && answer.headers["x-hvc-code"] == "cursor_expired", "\(answer)")
            // A stream has answered 200 already: it ends, and the id that it had last is answered with 410.
            let ended = try await stream
            #expect(ended.status == 200 && ended.body.hasSuffix(": cursor_expired\n\n"))
            #expect(ended.body.contains("id: \(start)\n"))
        }
    }

    @Test("A cursor behind which events are not kept any more is 410, for a stream too")
    func expired() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            let first = try await gateway.store.redis.send(["XRANGE", "hvc:events", "-", "+", "COUNT", "1"])
            let old = try #require(first.array?.first?.array?.first?.string)
            // More than the gateway remembers.
            for _ in 0..<25 {
                _ = try await gateway.store.redis.pipeline(
                    (0..<100).map { ["XADD", "hvc:events", "*", "type", "t", "n", $0] }
                )
            }
            try await eventually("the gateway to have read them") {
                try await gateway.events.last() == gateway.store.lastEvent()
            }
            _ = try await gateway.store.redis.send(["XTRIM", "hvc:events", "MAXLEN", "50"])
            for query in ["since=\(old)&wait=0", "since=\(old)", "since=99999999999999-0&wait=0"] {
                let answer = try await within(.seconds(10), query) {
                    try await gateway.http.call("/v1/events?" + query)
                }
                #expect(answer.status == 410 && answer.headers["x-hvc-code"] == "cursor_expired", "\(query): \(answer)")
            }
            let last = try await within(.seconds(10), "an old last event") {
                try await gateway.http.call("/v1/events?since=0-0", headers: ["Last-Event-ID": old])
            }
            #expect(last.status == 410, "what the client has counts for more than the address that it asks again")
            for query in ["since=x", "since=", "types=", "types=A", "types=*x", "wait=301", "wait=-1", "limit=0"] {
                let answer = try await within(.seconds(10), query) {
                    try await gateway.http.call("/v1/events?" + query)
                }
                #expect(answer.status == 400, "\(query)")
            }
        }
    }
}

extension InProcessGateway {
    /// Whether a reader of events waits.
    fileprivate var readersWait: Bool { readerCount > 0 }
    fileprivate var readerCount: Int { events.readerCount }
}
