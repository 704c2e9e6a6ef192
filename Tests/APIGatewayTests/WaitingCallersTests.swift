import Foundation
import Model
import NIOConcurrencyHelpers
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("Callers who wait")
struct WaitingCallersTests {
    private struct Subject: Identifiable {
        let id: Int
    }

    @Test("Thousands end at once, each with its own value, at its time, or when it is cancelled")
    func ends() async throws {
        let callers = WaitingCallers<Subject, Int>()
        let loop = Task { await callers.run() }
        let overdue = NIOLockedValueBox(0)
        let start = ContinuousClock.now
        let results = await withTaskGroup(of: (Int, Int?, Duration).self) { group in
            for number in 0..<3000 {
                group.addTask {
                    let time = number % 3 == 1 ? Duration.milliseconds(200) : .seconds(60)
                    let value = await callers.wait(for: Subject(id: number), until: start + time) { nil }
                    if number % 3 == 1 { overdue.withLockedValue { $0 += 1 } }
                    return (number, value, .now - start)
                }
            }
            let cancelled = Task { await callers.wait(for: Subject(id: -1), until: start + .seconds(60)) { nil } }
            // All but those whose time may be over already.
            while callers.subjects.count(where: { $0.id % 3 != 1 }) < 2001 {
                try? await Task.sleep(for: .milliseconds(10))
            }
            cancelled.cancel()
            #expect(await cancelled.value == nil)
            for number in 0..<3000 where number % 3 == 0 { callers.end(number, with: number) }
            while overdue.withLockedValue({ $0 }) < 1000 { try? await Task.sleep(for: .milliseconds(10)) }
            callers.endAll(with: -2)
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count == 3000 && callers.subjects.isEmpty)
        for (number, value, time) in results {
            #expect(value == [number, nil, -2][number % 3])
            #expect(number % 3 != 1 || time >= .milliseconds(200))
        }
        loop.cancel()
        await loop.value
    }

    @Test("What ended before the wait began is not waited for, and a cancelled caller does not wait")
    func early() async {
        let callers = WaitingCallers<Subject, Int>()
        #expect(await callers.wait(for: Subject(id: 1), until: .now + .seconds(60)) { 7 } == 7)
        let cancelled = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await callers.wait(for: Subject(id: 1), until: .now + .seconds(60)) { nil }
        }
        #expect(await cancelled.value == nil)
        #expect(callers.subjects.isEmpty)
    }

    @Test("A caller beyond the limit is refused; one that left makes room")
    func limit() throws {
        let limit = CallerLimit(2)
        var places = [try limit.enter(), try limit.enter()]
        for _ in 0..<3 {
            #expect { try limit.enter() } throws: { ($0 as? Failure)?.code == .tooManyWaiting }
            places.removeFirst()
            places.append(try limit.enter())
        }
    }

    @Test("Who comes when as many wait as may gets 503 with Retry-After, and nothing is accepted; others are served")
    func bounded() async throws {
        try await LiveGateway.with(["HVC_WAITING_CALLERS": "2", "HVC_WAIT": "30"]) { (gateway) async throws in
            try await gateway.fill()
            let create = "/vm/create?name=a&instance_type=1&image_id=100"
            async let first = gateway.http.call(create)
            async let second = gateway.http.call(create)
            let queued = { try await gateway.store.redis.send(["LLEN", "hvc:queue"]).int }
            try await eventually("both to wait") { try await queued() == 2 }
            for (method, path, body) in [
                ("GET", create, #"{"vmid":0}"#), ("GET", "/vm/destroy?vmid=1", #"{"status":0}"#),
            ] {
                let answer = try await gateway.http.call(path, method: method)
                #expect(answer.status == 503 && answer.body == body, "\(answer)")
                #expect(answer.headers["x-hvc-code"] == "too_many_waiting" && answer.headers["retry-after"] != nil)
            }
            #expect(try await queued() == 2)
            #expect(try await gateway.http.call("/vm/query?vmid=1").status == 200)
            let vm = #"{"name":"a","instance_type":1,"image_id":100}"#
            let headers = ["Prefer": "respond-async"]
            #expect(try await gateway.http.call("/v1/vms", method: "POST", headers: headers, body: vm).status == 202)
            for _ in 0..<2 { try await gateway.work() }
            #expect(try await [first.status, second.status] == [200, 200])
            async let third = gateway.http.call("/vm/destroy?vmid=1")
            for _ in 0..<2 { try await gateway.work() }
            #expect(try await third.status == 200)
        }
    }
}
