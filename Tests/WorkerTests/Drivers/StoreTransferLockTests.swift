import Model
import NIOConcurrencyHelpers
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("The right to bring an image to a PM")
struct StoreTransferLockTests {
    private let pm = PMID(1)
    private let image = ImageID(100)

    /// Locks of several workers over one Redis.
    private func with(
        duration: Duration = .seconds(15),
        _ body: (Store, [StoreTransferLock], PMID, ImageID) async throws -> Void
    ) async throws {
        let server = try await RedisServer.started()
        let store = Store(redis: RedisClient(configuration: server.configuration), keys: Keys())
        let locks = (1...3).map { StoreTransferLock(store: store, worker: "w\($0)", duration: duration) }
        let result: Result<Void, any Error>
        do { result = .success(try await body(store, locks, #require(pm), #require(image))) } catch {
            result = .failure(error)
        }
        await store.redis.shutdown()
        try result.get()
    }

    @Test("One worker at a time has it, and each has it in the end; another image and another PM are not held up")
    func oneAtATime() async throws {
        try await with { (_, locks, pm, image) async throws in
            let inside = NIOLockedValueBox((now: 0, most: 0, times: 0))
            let (otherPM, otherImage) = (try #require(PMID(2)), try #require(ImageID(101)))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lock in locks {
                    group.addTask {
                        try await lock.withLock(pm: pm, image: image) { () async throws(Failure) in
                            inside.withLockedValue {
                                ($0.now, $0.most, $0.times) = ($0.now + 1, max($0.most, $0.now + 1), $0.times + 1)
                            }
                            try await lock.withLock(pm: otherPM, image: image) { () async throws(Failure) in }
                            try await lock.withLock(pm: pm, image: otherImage) { () async throws(Failure) in }
                            inside.withLockedValue { $0.now -= 1 }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let (most, times) = inside.withLockedValue { ($0.most, $0.times) }
            #expect(most == 1 && times == 3)
        }
    }

    @Test("It is given back where the transfer fails, and what that throws is passed on")
    func failing() async throws {
        try await with { (store, locks, pm, image) async throws in
            let failure = await #expect(throws: Failure.self) {
                try await locks[0].withLock(pm: pm, image: image) { () async throws(Failure) in
                    throw Failure(.storageFull, "full")
                }
            }
            #expect(failure?.code == .storageFull)
            #expect(try await store.holdTransfer(of: image, to: pm, holder: "w2", for: .seconds(1)))
        }
    }

    @Test("A worker that was killed holds the others up no longer than its key lasts; one that lives keeps it")
    func expiry() async throws {
        try await with(duration: .milliseconds(600)) { (store, locks, pm, image) async throws in
            #expect(try await store.holdTransfer(of: image, to: pm, holder: "killed", for: .milliseconds(300)))
            let isTaken = NIOLockedValueBox(false)
            try await locks[0].withLock(pm: pm, image: image) { () async throws(Failure) in
                isTaken.withLockedValue { $0 = true }
                // Longer than the key lasts without renewal.
                do { try await Task.sleep(for: .milliseconds(1500)) } catch { throw .cancelled }
                let isFree = try await store.holdTransfer(of: image, to: pm, holder: "w2", for: .seconds(1))
                #expect(!isFree)
            }
            #expect(isTaken.withLockedValue { $0 })
            #expect(try await store.holdTransfer(of: image, to: pm, holder: "w2", for: .seconds(1)))
        }
    }

    @Test("Who waits long gives its slot back: the job waits for the image on the queue")
    func longTransfer() async throws {
        try await with { (store, locks, pm, image) async throws in
            #expect(try await store.holdTransfer(of: image, to: pm, holder: "other", for: .seconds(600)))
            let lock = StoreTransferLock(store: store, worker: locks[0].worker, longestWait: .milliseconds(200))
            let failure = await #expect(throws: Failure.self) {
                try await lock.withLock(pm: pm, image: image) { () async throws(Failure) in
                    Issue.record("it has it")
                }
            }
            #expect(failure?.code == .imageFetching)
            let create = Model.Operation.create.retry
            let decision = create.decide(after: FailedAttempt(code: .imageFetching, isClean: true, earlierFailures: 9))
            if case .postpone = decision {} else { Issue.record("\(decision)") }
        }
    }

    @Test("Who is cancelled while it waits gives up")
    func cancelled() async throws {
        try await with { (store, locks, pm, image) async throws in
            #expect(try await store.holdTransfer(of: image, to: pm, holder: "other", for: .seconds(600)))
            let waiting = Task {
                try await locks[0].withLock(pm: pm, image: image) { () async throws(Failure) in
                    Issue.record("it has it")
                }
            }
            waiting.cancel()
            await #expect(throws: Failure.self) { try await waiting.value }
        }
    }
}
