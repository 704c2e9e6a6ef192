import Model
import TestKit
import Testing

@testable import Worker

/// The decisions of a PM's pool of connections, by a clock that the test moves.
@Suite("Connection pool")
struct ConnectionPoolTests {
    private typealias Action = ConnectionPool.Action

    private let limits = ConnectionPool.Limits(
        most: 3,
        idleTime: .seconds(60),
        lastIdleTime: .seconds(600),
        retryPause: .seconds(1),
        longestRetryPause: .seconds(4)
    )
    private let start = ContinuousClock.now
    private let silent = Failure(.machineUnreachable, "silent")

    /// Opens a connection for the first of some waiters.
    private func opened(_ pool: inout ConnectionPool, for tickets: [Int] = [1], at now: ContinuousClock.Instant)
        throws -> ConnectionPool.ID
    {
        var opening: ConnectionPool.ID?
        for ticket in tickets {
            for case .open(let id, true) in pool.arrive(ticket, at: now) { opening = id }
        }
        let id = try #require(opening)
        #expect(pool.opened(id, at: now).first == .serve(tickets[0], with: id, isFresh: true))
        return id
    }

    @Test("One caller after another uses one connection, and only the first finds it fresh")
    func oneByOne() throws {
        var pool = ConnectionPool(limits: limits)
        let id = try opened(&pool, at: start)
        for _ in 0..<5 {
            #expect(pool.giveBack(id, at: start).isEmpty)
            let taken = pool.takeIdle()
            #expect(taken?.id == id && taken?.isFresh == false)
        }
        let none = pool.takeIdle()
        #expect(none == nil)
        #expect(pool.count == 1)
    }

    @Test("Callers beyond the first open one more at a time, up to the limit, and are served in their order")
    func growth() throws {
        var pool = ConnectionPool(limits: limits)
        let first = try opened(&pool, for: [1, 2, 3, 4, 5], at: start)
        // The first one is served, so the second opens the next; the others wait for what comes.
        var opening: [ConnectionPool.ID] = []
        func note(_ actions: [Action]) {
            for case .open(let id, let isOnly) in actions where !isOnly { opening.append(id) }
        }
        note(pool.arrive(6, at: start))
        #expect(opening.isEmpty, "one is being opened already")
        #expect(pool.giveBack(first, at: start) == [.serve(2, with: first, isFresh: false)])
        #expect(pool.giveBack(first, at: start) == [.serve(3, with: first, isFresh: false)])
        pool.leave(4)
        #expect(pool.giveBack(first, at: start) == [.serve(5, with: first, isFresh: false)])
    }

    @Test("There are never more connections than the limit, and nobody waits while one is idle", arguments: 0..<40)
    func random(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var pool = ConnectionPool(limits: limits)
        var now = start
        var (ticket, opening): (Int, ConnectionPool.ID?) = (0, nil)
        var (busy, waiting): (Set<ConnectionPool.ID>, [Int]) = ([], [])
        func check(_ actions: [Action]) {
            for action in actions {
                switch action {
                case .open(let id, let isOnly):
                    #expect(opening == nil && (isOnly || pool.count > 0))
                    opening = id
                case .serve(let served, let id, _):
                    #expect(waiting.first == served, "out of turn")
                    waiting.removeAll { $0 == served }
                    #expect(busy.insert(id).inserted, "lent twice")
                case .refuse(let refused, _): waiting.removeAll { $0 == refused }
                case .close(let id): #expect(!busy.contains(id), "closed while it was lent")
                }
            }
            #expect(pool.count <= limits.most * 2)
        }
        for _ in 0..<200 {
            now += .milliseconds(Int.random(in: 0...20_000, using: &random))
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1:
                if let (id, _) = pool.takeIdle() {
                    #expect(waiting.isEmpty && busy.insert(id).inserted)
                } else {
                    ticket += 1
                    waiting.append(ticket)
                    check(pool.arrive(ticket, at: now))
                }
            case 2, 3:
                guard let id = busy.randomElement(using: &random) else { continue }
                busy.remove(id)
                check(pool.giveBack(id, at: now))
            case 4, 5:
                guard let id = opening else { continue }
                opening = nil
                if Bool.random(using: &random) {
                    check(pool.opened(id, at: now))
                } else {
                    check(pool.openingFailed(silent, isAboutPM: Bool.random(using: &random), at: now))
                }
            case 6: if let id = busy.randomElement(using: &random) { check(pool.broke(id, at: now)) }
            default:
                check(pool.closeIdle(at: now))
                if let left = waiting.randomElement(using: &random) {
                    pool.leave(left)
                    waiting.removeAll { $0 == left }
                }
            }
            // Whoever waits is waiting for something.
            #expect(waiting.isEmpty || opening != nil || !busy.isEmpty, "nobody will ever serve \(waiting)")
        }
    }

    @Test("A PM that refused is left alone for pauses that grow; one that was measured since is not")
    func refusal() throws {
        var pool = ConnectionPool(limits: limits)
        var now = start
        for pause in [1, 2, 4, 4] {
            guard case .open(_, isOnly: true)? = pool.arrive(1, at: now).first else {
                Issue.record("nobody connects")
                return
            }
            #expect(pool.arrive(2, at: now).isEmpty)
            let refused = [Action.refuse(1, silent), .refuse(2, silent)]
            #expect(pool.openingFailed(silent, isAboutPM: true, at: now) == refused)
            now += .seconds(pause) - .milliseconds(1)
            #expect(pool.arrive(3, at: now) == [.refuse(3, silent)])
            now += .milliseconds(1)
        }
        _ = pool.arrive(1, at: now)
        _ = pool.openingFailed(silent, isAboutPM: true, at: now)
        pool.wasMeasured(at: 7)
        guard case .open? = pool.arrive(4, at: now).first else {
            Issue.record("nobody connects")
            return
        }
        _ = pool.openingFailed(silent, isAboutPM: true, at: now)
        pool.wasMeasured(at: 7)
        #expect(pool.arrive(5, at: now) == [.refuse(5, silent)], "that measure is known")
    }

    @Test("Where the process has no room for one more connection, callers fail at once and the next one tries again")
    func noSlot() {
        var pool = ConnectionPool(limits: limits)
        let full = Failure(.workerBusy, "full")
        _ = pool.arrive(1, at: start)
        #expect(pool.openingFailed(full, isAboutPM: false, at: start) == [.refuse(1, full)])
        guard case .open? = pool.arrive(2, at: start).first else {
            Issue.record("nobody tries again")
            return
        }
    }

    @Test("Where one more connection cannot be opened, callers wait for those that there are")
    func noSecond() throws {
        var pool = ConnectionPool(limits: limits)
        let id = try opened(&pool, at: start)
        guard case .open(_, isOnly: false)? = pool.arrive(2, at: start).first else {
            Issue.record("no second one is opened")
            return
        }
        #expect(pool.openingFailed(silent, isAboutPM: true, at: start).isEmpty)
        #expect(pool.giveBack(id, at: start) == [.serve(2, with: id, isFresh: false)])
    }

    @Test("What nobody uses is closed: extra connections soon, the last one later, one over which events come never")
    func idle() throws {
        var pool = ConnectionPool(limits: limits)
        let first = try opened(&pool, for: [1, 2], at: start)
        var second: ConnectionPool.ID?
        for case .open(let id, _) in pool.arrive(3, at: start) { second = id }
        // The second ticket began to open it.
        #expect(second == nil)
        #expect(pool.giveBack(first, at: start) == [.serve(2, with: first, isFresh: false)])
        #expect(pool.giveBack(first, at: start) == [.serve(3, with: first, isFresh: false)])
        #expect(pool.giveBack(first, at: start).isEmpty)
        #expect(pool.closeIdle(at: start + .seconds(599)).isEmpty)
        pool.beginReading(over: first)
        #expect(pool.closeIdle(at: start + .seconds(6000)).isEmpty)
        pool.endReading(over: first)
        let generation = pool.generation
        #expect(pool.closeIdle(at: start + .seconds(600)) == [.close(first)])
        #expect(pool.generation > generation, "libvirt may be another one when it is asked again")
    }

    @Test("An extra connection is closed after its idle time, and the one that was used last stays")
    func idleExtra() throws {
        var pool = ConnectionPool(limits: limits)
        let first = try opened(&pool, at: start)
        guard case .open(let second, _)? = pool.arrive(2, at: start).first else {
            Issue.record("no second one is opened")
            return
        }
        #expect(pool.opened(second, at: start) == [.serve(2, with: second, isFresh: true)])
        _ = pool.giveBack(second, at: start)
        _ = pool.giveBack(first, at: start + .seconds(1))
        let taken = pool.takeIdle()
        #expect(taken?.id == first)
        _ = pool.giveBack(first, at: start + .seconds(59))
        #expect(pool.closeIdle(at: start + .seconds(59)).isEmpty)
        #expect(pool.closeIdle(at: start + .seconds(60)) == [.close(second)])
        #expect(pool.closeIdle(at: start + .seconds(600)).isEmpty)
    }

    @Test(
        "When one breaks, idle ones beside it are closed and busy ones when they come back; what was learned is outdated"
    )
    func broke() throws {
        var pool = ConnectionPool(limits: limits)
        let first = try opened(&pool, at: start)
        guard case .open(let second, _)? = pool.arrive(2, at: start).first else {
            Issue.record("no second one is opened")
            return
        }
        _ = pool.opened(second, at: start)
        #expect(pool.broke(first, at: start).isEmpty)
        #expect(pool.generation == 1)
        #expect(pool.broke(second, at: start).isEmpty)
        #expect(pool.generation == 1, "that is the same fault")
        guard case .open(_, isOnly: true)? = pool.arrive(3, at: start).first else {
            Issue.record("a caller waits for a connection that is dead")
            return
        }
        #expect(pool.giveBack(second, at: start) == [.close(second)])
        #expect(pool.giveBack(first, at: start) == [.close(first)])
    }

    @Test("A PM that is no longer listed keeps nothing: idle connections close at once, busy ones when they come back")
    func retired() throws {
        var pool = ConnectionPool(limits: limits)
        let first = try opened(&pool, at: start)
        #expect(pool.retire(at: start).isEmpty)
        #expect(pool.giveBack(first, at: start) == [.close(first)])
        // A job that goes on there is served all the same.
        let second = try opened(&pool, at: start)
        pool.beginReading(over: second)
        #expect(pool.giveBack(second, at: start) == [.close(second)])
    }
}
