import Dispatch
import Libvirt
import TestKit
import Testing

@Suite("Blocking threads")
struct BlockingThreadsTests {
    @Test("Calls run side by side up to the limit, and the rest waits its turn")
    func limit() async throws {
        let threads = BlockingThreads(name: "test", limit: 2)
        let gate = DispatchSemaphore(value: 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<5 {
                group.addTask { try await threads.run(deadline: .seconds(30)) { _ in gate.wait() } }
            }
            try await eventually("two run and three wait") { threads.load.running == 2 && threads.load.waiting == 3 }
            #expect(threads.load.threads == 2)
            for _ in 0..<5 { gate.signal() }
            try await group.waitForAll()
        }
        #expect(threads.load.running == 0)
        #expect(threads.load.waiting == 0)
    }

    @Test("A caller fails at its deadline while its thread stays stuck, and fails with busy where none is free")
    func deadline() async throws {
        let threads = BlockingThreads(name: "test", limit: 1)
        let gate = DispatchSemaphore(value: 0)
        let clock = ContinuousClock()
        let start = clock.now
        let stuck = await #expect(throws: LibvirtError.self) {
            try await threads.run(deadline: .milliseconds(100)) { _ in gate.wait() }
        }
        #expect(stuck?.kind == .deadline)
        #expect(start.duration(to: clock.now) < .seconds(5))
        #expect(threads.load.stuck == 1)

        let busy = await #expect(throws: LibvirtError.self) {
            try await threads.run(deadline: .milliseconds(50)) { _ in }
        }
        #expect(busy?.kind == .busy)

        gate.signal()
        let value = try await threads.run(deadline: .seconds(10)) { _ in 7 }
        #expect(value == 7)
        #expect(threads.load.stuck == 0)
    }

    @Test("A cancelled caller leaves at once and its body is signalled")
    func cancellation() async throws {
        let threads = BlockingThreads(name: "test", limit: 1)
        let started = DispatchSemaphore(value: 0)
        let (told, tell) = AsyncStream.makeStream(of: Void.self)
        let caller = Task {
            try await threads.run(deadline: .seconds(60)) { flag in
                started.signal()
                while !flag.isCancelled { _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(5)) }
                tell.finish()
            }
        }
        try await threads.started(started)
        caller.cancel()
        let error = await #expect(throws: LibvirtError.self) { try await caller.value }
        #expect(error?.kind == .cancelled)
        for await _ in told {}
    }

    @Test("With a grace the caller waits for the body to clean up")
    func grace() async throws {
        let threads = BlockingThreads(name: "test", limit: 1)
        let error = await #expect(throws: CleanedUp.self) {
            try await threads.run(deadline: .milliseconds(50), grace: .seconds(30)) { flag in
                while !flag.isCancelled { _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(5)) }
                throw CleanedUp()
            }
        }
        #expect(error != nil)
        #expect(threads.load.stuck == 0)
    }

    @Test("A caller that was cancelled before it began is refused")
    func cancelledBefore() async throws {
        let threads = BlockingThreads(name: "test", limit: 1)
        let caller = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await threads.run(deadline: .seconds(60)) { _ in 1 }
        }
        caller.cancel()
        let error = await #expect(throws: LibvirtError.self) { try await caller.value }
        #expect(error?.kind == .cancelled)
        #expect(try await threads.run(deadline: .seconds(10)) { _ in 2 } == 2)
    }

    @Test("Threads end when idle, and come back")
    func idle() async throws {
        let threads = BlockingThreads(name: "test", limit: 4, idleTime: .milliseconds(50))
        for _ in 0..<3 {
            #expect(try await threads.run(deadline: .seconds(10)) { _ in 3 } == 3)
            try await eventually("no thread is left") { threads.load.threads == 0 }
        }
    }

    @Test("Many calls from many tasks all get their own answers")
    func many() async throws {
        let threads = BlockingThreads(name: "test", limit: 8, idleTime: .milliseconds(1))
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<2000 {
                group.addTask { try await threads.run(deadline: .seconds(60)) { _ in number } == number }
            }
            for try await isRight in group { #expect(isRight) }
        }
        #expect(threads.load.running == 0)
    }
}

private struct CleanedUp: Error {}

extension BlockingThreads {
    /// Waits for a signal from a body without blocking the test's own thread.
    fileprivate func started(_ signal: DispatchSemaphore) async throws {
        let others = BlockingThreads(name: "wait", limit: 1)
        try await others.run(deadline: .seconds(30)) { _ in signal.wait() }
    }
}
