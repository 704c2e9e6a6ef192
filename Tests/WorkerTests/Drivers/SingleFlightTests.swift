import Model
import TestKit
import Testing

@testable import Worker

@Suite("Single flight")
struct SingleFlightTests {
    /// Counts runs, and how many were under way at once.
    private actor Counter {
        private(set) var runs = 0
        private(set) var most = 0
        private(set) var cancelled = 0
        private var current = 0

        func begin() {
            runs += 1
            current += 1
            most = max(most, current)
        }

        func end(wasCancelled: Bool) {
            current -= 1
            if wasCancelled { cancelled += 1 }
        }
    }

    @Test("Many who want the same get one run's result; other keys have runs of their own")
    func shared() async throws {
        let flights = SingleFlight<Int, Int>()
        let counter = Counter()
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let work: @Sendable () async throws(Failure) -> Int = { () async throws(Failure) in
            await counter.begin()
            for await _ in gate {}
            await counter.end(wasCancelled: false)
            return await counter.runs
        }
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 { group.addTask { try await flights.run(1, work) } }
            // Who comes after the end begins a run of its own: so all must be there before it ends.
            try await eventually("all wait") { flights.waiters(for: 1) == 50 }
            open.finish()
            for try await value in group { #expect(value == 1) }
        }
        #expect(try await flights.run(2) { () async throws(Failure) in 7 } == 7)
    }

    @Test("A failure reaches everyone, and the next one tries again")
    func failure() async throws {
        let flights = SingleFlight<Int, Int>()
        for _ in 0..<2 {
            let failure = await #expect(throws: Failure.self) {
                try await flights.run(1) { () async throws(Failure) in throw Failure(.hypervisor, "no") }
            }
            #expect(failure?.code == .hypervisor)
        }
        #expect(try await flights.run(1) { () async throws(Failure) in 1 } == 1)
    }

    @Test("The run goes on while one still waits, ends with the last, and never overlaps with the next")
    func cancellation() async throws {
        let flights = SingleFlight<Int, Int>()
        let counter = Counter()
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let untilCancelled: @Sendable () async throws(Failure) -> Int = { () async throws(Failure) in
            await counter.begin()
            do {
                try await Task.sleep(for: .seconds(600))
            } catch {
                // Cleaning up takes its time, cancelled or not.
                await Task { for await _ in gate {} }.value
            }
            await counter.end(wasCancelled: Task.isCancelled)
            throw Failure.cancelled
        }
        let first = Task { try await flights.run(1, untilCancelled) }
        try await eventually("it runs") { await counter.runs == 1 }
        let second = Task { try await flights.run(1, untilCancelled) }
        try await eventually("both wait") { flights.waiters(for: 1) == 2 }
        first.cancel()
        let failure = await #expect(throws: Failure.self) { try await first.value }
        #expect(failure?.code == .leaseLost)
        #expect(await counter.cancelled == 0)
        second.cancel()
        _ = await #expect(throws: Failure.self) { try await second.value }

        let third = Task {
            try await flights.run(1) { () async throws(Failure) in
                await counter.begin()
                await counter.end(wasCancelled: false)
                return 3
            }
        }
        try await eventually("the third waits for the clean-up's end") { flights.waiters(for: 1) == 1 }
        open.finish()
        #expect(try await third.value == 3)
        #expect(await counter.runs == 2)
        #expect(await counter.cancelled == 1)
        #expect(await counter.most == 1)
    }

    @Test("Who was cancelled before is refused")
    func cancelledBefore() async throws {
        let flights = SingleFlight<Int, Int>()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await flights.run(1) { () async throws(Failure) in 1 }
        }
        task.cancel()
        let failure = await #expect(throws: Failure.self) { try await task.value }
        #expect(failure?.code == .leaseLost)
    }
}
