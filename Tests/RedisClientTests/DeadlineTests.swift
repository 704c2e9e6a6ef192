import Foundation
import RedisClient
import TestKit
import Testing

/// Time limits and cancellation.
@Suite struct DeadlineTests {
    private let clock = ContinuousClock()

    @Test func `a call ends at its deadline, and its late reply goes to nobody else`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            _ = try await redis.send(["SET", "k", "old"])
            _ = try await redis.send(["CLIENT", "PAUSE", 30_000, "WRITE"])
            let start = clock.now
            let error = await expectError(.timeout) {
                _ = try await redis.send(["SET", "k", "new"], timeout: .milliseconds(200))
            }
            #expect(error?.wasSent == true)
            #expect(clock.now - start < .seconds(5))
            try await withClient(server.socketConfiguration) { _ = try await $0.send(["CLIENT", "UNPAUSE"]) }
            // Queued behind it on the same connection; its own reply, and the same connection still.
            let id = try await redis.send(["CLIENT", "ID"])
            try await #expect(redis.send(["GET", "k"]).string == "new", "it was executed all the same")
            try await #expect(redis.send(["CLIENT", "ID"]) == id)
        }
    }

    @Test func `of calls with different limits each ends at its own`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            _ = try await redis.send(["PING"])
            server.process?.signal(SIGSTOP)
            let start = clock.now
            try await withThrowingTaskGroup(of: (Int, Duration).self) { group in
                for limit in [3000, 100, 1500] {
                    group.addTask {
                        await expectError(.timeout) {
                            _ = try await redis.send(["PING"], timeout: .milliseconds(limit))
                        }
                        return (limit, clock.now - start)
                    }
                }
                var order: [Int] = []
                for try await (limit, took) in group {
                    order.append(limit)
                    #expect(took >= .milliseconds(limit))
                }
                #expect(order == [100, 1500, 3000])
            }
            server.process?.signal(SIGCONT)
            try await #expect(redis.send(["ECHO", "still"]).string == "still")
        }
    }

    @Test func `a server that hangs is given up, and found again when it goes on`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration.with(\.commandTimeout, .milliseconds(300))) { redis in
            _ = try await redis.send(["PING"], timeout: .seconds(10))
            server.process?.signal(SIGSTOP)
            async let patient = redis.send(["PING"], timeout: .seconds(60))
            await expectError(.timeout) { _ = try await redis.send(["PING"]) }
            server.process?.signal(SIGCONT)
            // The head of the line was the patient call or the other one; either way the next call works.
            _ = try? await patient
            try await eventually("the server answers") { try await redis.send(["PING"]).string == "PONG" }
        }
    }

    @Test func `silence with an overdue head of the line closes the connection for all`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration.with(\.commandTimeout, .milliseconds(1500))) { redis in
            _ = try await redis.send(["PING"], timeout: .seconds(10))
            server.process?.signal(SIGSTOP)
            let first = Task { try await redis.send(["PING"]) }
            try await eventually("the first call is sent") { redis.callsInFlight == 1 }
            let second = Task { try await redis.send(["PING"], timeout: .seconds(60)) }
            await expectError(.timeout) { _ = try await first.value }
            let error = await expectError(.connectionLost) { _ = try await second.value }
            #expect(error?.wasSent == true)
            server.process?.signal(SIGCONT)
        }
    }

    @Test func `a cancelled call ends at once, and the others get their own replies`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            _ = try await redis.send(["CLIENT", "PAUSE", 30_000, "WRITE"])
            let cancelled = Task { try await redis.send(["SET", "k", "v"]) }
            let batch = Task { try await redis.pipeline([["SET", "k", 1], ["SET", "k", 2]]) }
            let patient = Task { try await redis.send(["APPEND", "other", "12345"]) }
            try await eventually("the calls are sent") { redis.callsInFlight == 3 }
            let start = clock.now
            cancelled.cancel()
            batch.cancel()
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            await #expect(throws: CancellationError.self) { try await batch.value }
            #expect(clock.now - start < .seconds(4), "less than the time limit of a call")
            try await withClient(server.socketConfiguration) { _ = try await $0.send(["CLIENT", "UNPAUSE"]) }
            try await #expect(patient.value.int == 5)
        }
    }

    @Test func `a task that is cancelled already does not wait`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            _ = try await redis.send(["PING"])
            server.process?.signal(SIGSTOP)
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                _ = try await redis.send(["PING"])
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            server.process?.signal(SIGCONT)
        }
    }

    @Test func `calls and cancellations in any order keep replies and callers together`() async throws {
        let server = try await RedisServer.started()
        try await withClient(server.configuration) { redis in
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<2000 {
                    group.addTask {
                        let call = Task { try await redis.send(["ECHO", number]).int }
                        if number.isMultiple(of: 3) { call.cancel() }
                        switch await call.result {
                        case .success(let echo): #expect(echo == number)
                        case .failure(let error): #expect(error is CancellationError && number.isMultiple(of: 3))
                        }
                    }
                }
            }
        }
    }
}
