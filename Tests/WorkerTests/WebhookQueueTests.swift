import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("What is sent to a webhook", .timeLimit(.minutes(1)))
struct WebhookQueueTests {
    @Test("Events of its types come in order, many in one message, each once; others do not")
    func order() async throws {
        try await WebhookSite.with(types: ["vm.*", "job.finished"]) { site in
            try await site.happen("vm.a", "job.queued", "job.finished", "pm.b", "vm.c")
            try await site.start()
            try await site.until(1)
            for _ in 0..<250 { try await site.happen("vm.d") }
            try await site.happen("pm.z")
            try await eventually("all events") {
                try site.receiver.messages.flatMap { try $0.contents.items }.count == 253
            }
            let messages = site.receiver.messages
            #expect(try messages[0].contents.items.map(\.type) == ["vm.a", "job.finished", "vm.c"])
            let ids = try messages.flatMap { try $0.contents.items.compactMap { EventID($0.id) } }
            #expect(ids == ids.sorted() && Set(ids).count == 253)
            #expect(Set(messages.map(\.id)).count == messages.count)
            let last = try await site.store.lastEvent()
            try await eventually("it to stand at the end") { try await site.status.position == last }
            let page = try await site.store.deliveries(of: site.webhook, before: nil, limit: 50)
            #expect(page.records.allSatisfy { $0.state == .delivered && $0.attempts == 1 && $0.status == 200 })
        }
    }

    @Test("One of a project is sent its events alone, and the same at each attempt though records go meanwhile")
    func ofProject() async throws {
        try await WebhookSite.with(types: ["vm.*"], project: .default) { site in
            let redis = site.store.redis
            _ = try await redis.pipeline([
                ["HSET", "hvc:vm:1", "id", "1", "project", "default"],
                ["HSET", "hvc:vm:2", "id", "2", "project", "other"],
            ])
            for (type, vm) in [("vm.a", "1"), ("vm.b", "2"), ("vm.c", "1"), ("job.d", "1")] {
                _ = try await redis.send(["XADD", "hvc:events", "*", "type", type, "vm", vm])
            }
            _ = try await redis.send(["XADD", "hvc:events", "*", "type", "vm.e"])
            site.receiver.answer(.status(500))
            var policy = WebhookPolicy.quick
            (policy.firstDelay, policy.longestDelay) = (.seconds(3600), .seconds(3600))
            try await site.start(policy: policy)
            try await site.until(1)
            try await eventually("the attempt to be recorded") { try await site.status.open?.attempts == 1 }
            _ = try await redis.send(["DEL", "hvc:vm:1"])
            let number = try #require(try await site.status.open?.number)
            _ = try await site.store.askForDelivery(number, of: site.webhook)
            try await site.until(2)
            let messages = site.receiver.messages
            #expect(try messages[0].contents.items.map(\.type) == ["vm.a", "vm.c"])
            #expect(messages[1].body == messages[0].body)
        }
    }

    @Test("A message that fails is sent again, the same under the same id, and what follows waits for it")
    func retried() async throws {
        try await WebhookSite.with { site in
            site.receiver.answer(.status(500), .none("refused"), .status(302), .status(200))
            try await site.happen("a")
            try await site.start()
            try await site.until(1)
            try await site.happen("b")
            try await site.until(5)
            let messages = site.receiver.messages
            #expect(Set(messages[0...3].map(\.id)).count == 1 && Set(messages[0...3].map(\.body)).count == 1)
            #expect(messages[4].id != messages[0].id)
            #expect(try messages[4].contents.items.map(\.type) == ["b"])
            let number = try #require(DeliveryID(1))
            let first = try await site.store.delivery(number, of: site.webhook)
            #expect(first.state == .delivered && first.attempts == 4 && first.status == 200)
            #expect(try await site.status.webhook.failingSince == nil)
        }
    }

    @Test("After its last attempt a message is given up, with the reason, and the next one is sent")
    func givenUp() async throws {
        try await WebhookSite.with { site in
            site.receiver.answer(.status(500), .none("no"), .status(418))
            try await site.happen("a")
            var policy = WebhookPolicy.quick
            policy.attempts = 3
            try await site.start(policy: policy)
            try await site.until(3)
            try await site.happen("b")
            try await site.until(4)
            #expect(try site.receiver.messages[3].contents.items.map(\.type) == ["b"])
            let first = try await site.store.delivery(#require(DeliveryID(1)), of: site.webhook)
            #expect(first.state == .failed && first.attempts == 3 && first.status == 418 && first.nextAt == nil)
        }
    }

    @Test("A worker that dies between an attempt and its record leaves the message to the next one, under the same id")
    func takenOver() async throws {
        try await WebhookSite.with { site in
            site.receiver.stick()
            try await site.happen("a", "b")
            try await site.start("w")
            try await site.until(1)
            // It was sent; the worker goes before it has an answer, and more happens.
            await site.stop()
            try await site.happen("c")
            try await site.start("other")
            try await site.until(2)
            let messages = site.receiver.messages
            #expect(messages[0].id == messages[1].id && messages[0].body == messages[1].body)
            // What the first one still writes is refused.
            let change = try await site.store.record(
                AttemptRecord(.delivered),
                at: #require(DeliveryID(1)),
                of: site.webhook,
                by: "w"
            )
            #expect(change == .lost)
            let status = try await site.status
            #expect(try await site.store.openDelivery(.events, to: status, upTo: .zero, events: 1, by: "w") == .lost)
            #expect(try await site.store.passEvents(of: status, upTo: .zero, by: "w") == .lost)
            #expect(try await site.status.open?.attempts == 0)
        }
    }

    @Test("Events that are cut away before they are sent are not hidden: a message says so, and it goes on from there")
    func missed() async throws {
        try await WebhookSite.with { site in
            site.receiver.answer(.status(500))
            try await site.happen("a")
            var policy = WebhookPolicy.quick
            policy.firstDelay = .milliseconds(300)
            try await site.start(policy: policy)
            try await site.until(1)
            let add = "for i = 1, 10500 do redis.call('XADD', KEYS[1], 'MAXLEN', 10000, '*', 'type', 't') end"
            _ = try await site.store.redis.send(["EVAL", add, "1", "hvc:events"])
            try await site.until(2)
            #expect(try site.receiver.messages[1].contents.kind == "missed")
            try await site.happen("b")
            try await site.until(3)
            #expect(try site.receiver.messages[2].contents.items.map(\.type) == ["b"])
            let first = try await site.store.delivery(#require(DeliveryID(1)), of: site.webhook)
            #expect(first.state == .expired && first.attempts == 1)
        }
    }

    @Test("A receiver that wants no more gets no more, until somebody enables it; what happened meanwhile comes then")
    func disabled() async throws {
        try await WebhookSite.with { site in
            site.receiver.answer(.status(410))
            try await site.happen("a")
            try await site.start()
            try await eventually("it to be disabled") { try await site.status.webhook.state == .disabled }
            #expect(try await site.status.webhook.reason?.contains("410") == true)
            let last = try await site.store.redis.send(["XREVRANGE", "hvc:events", "+", "-", "COUNT", "1"])
            #expect("\(last)".contains("webhook.disabled"))
            try await site.happen("b")
            // A test is sent all the same.
            let number = try await site.store.askForDelivery(nil, of: site.webhook)
            try await site.until(2)
            #expect(try site.receiver.messages[1].contents.kind == "test")
            try await eventually("its record") {
                try await site.store.delivery(number, of: site.webhook).state == .delivered
            }
            #expect(try await site.store.enableWebhook(site.webhook))
            try await site.until(3)
            #expect(try site.receiver.messages[2].contents.items.map(\.type).contains("b"))
        }
    }

    @Test(
        "A message is sent again where somebody asks, under its id and whatever became of it; not more often at once than 10"
    )
    func redelivered() async throws {
        try await WebhookSite.with { site in
            try await site.happen("a")
            try await site.start()
            let number = try #require(DeliveryID(1))
            try await eventually("it to be sent") {
                try await site.store.delivery(number, of: site.webhook).state == .delivered
            }
            site.receiver.answer(.status(500))
            #expect(try await site.store.askForDelivery(number, of: site.webhook) == number)
            try await eventually("it to be sent again") {
                let again = try await site.store.delivery(number, of: site.webhook)
                return again.state == .failed && again.attempts == 2 && again.status == 500
            }
            let same = site.receiver.messages.filter { $0.id == site.receiver.messages[0].id }
            #expect(same.count == 2 && Set(same.map(\.body)).count == 1)
            await site.stop()
            for _ in 0..<10 { _ = try await site.store.askForDelivery(nil, of: site.webhook) }
            let failure = await #expect(throws: Failure.self) {
                try await site.store.askForDelivery(nil, of: site.webhook)
            }
            #expect(failure?.code == .limitReached)
            for (id, number, code) in [(9, nil, FailureCode.unknownWebhook), (1, DeliveryID(99), .unknownDelivery)] {
                let failure = await #expect(throws: Failure.self) {
                    try await site.store.askForDelivery(number, of: #require(WebhookID(id)))
                }
                #expect(failure?.code == code)
            }
        }
    }

    @Test("What is remembered is bounded: 50 messages, the latest first; with the webhook all of it goes")
    func history() async throws {
        try await WebhookSite.with(types: ["vm.*"]) { site in
            try await site.start()
            for _ in 0..<7 {
                var number: DeliveryID?
                for _ in 0..<10 { number = try await site.store.askForDelivery(nil, of: site.webhook) }
                let last = try #require(number)
                try await eventually("all to be sent", every: .milliseconds(5)) {
                    try await site.store.delivery(last, of: site.webhook).state == .delivered
                }
            }
            await site.stop()
            var (numbers, cursor) = ([Int](), DeliveryID?.none)
            repeat {
                let page = try await site.store.deliveries(of: site.webhook, before: cursor, limit: 20)
                numbers += page.records.map(\.number.value)
                cursor = page.next.flatMap { DeliveryID($0) }
            } while cursor != nil
            #expect(numbers == Array((21...70).reversed()))
            #expect(try await site.store.deleteWebhook(site.webhook))
            #expect(try await site.store.deleteWebhook(site.webhook) == false)
            #expect(try await site.store.redis.send(["KEYS", "hvc:webhook*"]).array?.isEmpty == true)
        }
    }
}
