import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("Callers who wait while Redis goes back")
struct LostJobTests {
    private let create = "/vm/create?name=a&instance_type=1&image_id=100"

    private func waitForJob(_ gateway: InProcessGateway) async throws {
        try await eventually("the create to be accepted") {
            try await gateway.store.redis.send(["LLEN", "hvc:queue"]).int == 1
        }
    }

    @Test("An outcome of another job with the same number is not taken for the caller's")
    func otherHistory() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            // What a gateway has read of the history before: the number that the next job gets.
            let outcome = ["type", "job.finished", "job", "1", "vm", "1", "state", "failed", "code", "no_capacity"]
            _ = try await gateway.store.redis.send(
                RedisCommand(
                    "XADD",
                    arguments: (["hvc:events", "*"] + outcome + ["nonce", "other"]).map(\.redisArgument)
                )
            )
            async let answer = gateway.http.call(create)
            try await waitForJob(gateway)
            _ = try await gateway.store.redis.send(
                RedisCommand(
                    "XADD",
                    arguments: (["hvc:events", "*"] + outcome + ["nonce", "another"]).map(\.redisArgument)
                )
            )
            try await gateway.work()
            let (status, body) = (try await answer.status, try await answer.body)
            #expect(status == 200 && body.hasPrefix(#"{"vmid":"#) && body != #"{"vmid":0}"#)
        }
    }

    @Test("One whose job Redis has lost learns so at once, and the next one gets a number of its own")
    func emptied() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "60"]) { (gateway) async throws in
            try await gateway.fill()
            async let first = gateway.http.call(create)
            try await waitForJob(gateway)
            _ = try await gateway.store.redis.send(["FLUSHALL"])
            try await gateway.fill()
            let lost = try await first
            #expect(lost.status == 504 && lost.headers["x-hvc-code"] == "outcome_unknown")
            async let second = gateway.http.call(create)
            try await gateway.work()
            let (status, body) = (try await second.status, try await second.body)
            #expect(status == 200 && body == #"{"vmid":2}"#)
        }
    }

    @Test("One whose job ended while the gateway could not read the events gets its outcome")
    func outage() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "60"]) { (gateway) async throws in
            try await gateway.fill()
            async let answer = gateway.http.call(create)
            try await waitForJob(gateway)
            // It ends without an event. An outage makes the gateway read the record.
            _ = try await gateway.store.redis.send(["HSET", "hvc:job:1", "state", "done"])
            // One for events, and one for answers about consoles.
            try await eventually("the caller and the gateway to wait") {
                let clients = try await gateway.store.redis.send(["INFO", "clients"]).string ?? ""
                return gateway.outcomes.awaited == 1 && clients.contains("blocked_clients:2\r\n")
            }
            _ = try await gateway.store.redis.send(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
            let (status, body) = (try await answer.status, try await answer.body)
            #expect(status == 200 && body == #"{"vmid":1}"#)
        }
    }
}
