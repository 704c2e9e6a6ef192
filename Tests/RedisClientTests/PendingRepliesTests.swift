import NIOCore
import Testing

@testable import RedisClient

/// The line of calls that wait for replies, without a connection.
@Suite struct PendingRepliesTests {
    @Test func `replies go to calls in their order, several to one that wants several`() {
        var pending = PendingReplies<String>()
        pending.append(call(1, replies: 1, "a"))
        pending.append(call(2, replies: 3, "b"))
        pending.append(call(3, replies: 1, "c"))
        #expect(turns(&pending, 6) == ["a.", "b", "b", "b.", "c.", "unexpected"])
        #expect(pending.isEmpty)
    }

    @Test func `a cancelled call keeps its place`() {
        var pending = PendingReplies<String>()
        for id in 1...3 { pending.append(call(UInt64(id), replies: id, "\(id)")) }
        #expect(pending.cancel(2) == "2")
        #expect(pending.cancel(2) == nil)
        #expect(pending.cancel(9) == nil)
        #expect(turns(&pending, 6) == ["1.", "discard", "discard", "3", "3", "3."])
    }

    @Test func `a call cancelled midway drops the rest only`() {
        var pending = PendingReplies<String>()
        pending.append(call(1, replies: 3, "a"))
        pending.append(call(2, replies: 1, "b"))
        #expect(turns(&pending, 1) == ["a"])
        #expect(pending.cancel(1) == "a")
        #expect(turns(&pending, 3) == ["discard", "discard", "b."])
    }

    @Test func `deadlines in any order expire in time, each once`() {
        var pending = PendingReplies<String>()
        for (id, deadline) in [(1, 30), (2, 10), (3, 20), (4, 10)] {
            pending.append(call(UInt64(id), replies: 1, "\(id)", deadline: deadline))
        }
        #expect(pending.nextDeadline == time(10))
        #expect(pending.expire(now: time(9)) == [])
        #expect(pending.expire(now: time(10)) == ["2", "4"])
        #expect(pending.nextDeadline == time(20))
        #expect(pending.expire(now: time(10)) == [])
        #expect(pending.expire(now: time(99)) == ["1", "3"])
        #expect(pending.nextDeadline == .distantFuture)
        #expect(turns(&pending, 5) == ["discard", "discard", "discard", "discard", "unexpected"])
    }

    @Test func `draining gives each waiting caller once`() {
        var pending = PendingReplies<String>()
        for id in 1...4 { pending.append(call(UInt64(id), replies: 2, "\(id)")) }
        _ = pending.cancel(3)
        _ = pending.takeTurn()
        #expect(pending.drain() == ["1", "2", "4"])
        #expect(pending.drain() == [])
        #expect(pending.nextDeadline == .distantFuture)
        #expect(turns(&pending, 1) == ["unexpected"])
    }

    @Test(arguments: [
        // The head's deadline, when it was sent, the last sign of life, the time; the limit is 5.
        (head: 10, sent: 0, read: 0, now: 10, stall: 5),
        (head: 10, sent: 0, read: 6, now: 10, stall: 11),
        (head: 10, sent: 0, read: 6, now: 11, stall: 11),
        (head: 1, sent: 0, read: 0, now: 1, stall: 5),
        (head: 9, sent: 8, read: 0, now: 10, stall: 13),
    ])
    func `silence behind an overdue head is a stall in time`(head: Int, sent: Int, read: Int, now: Int, stall: Int) {
        let pending = line(head: head, sent: sent)
        #expect(pending.stallTime(now: time(now), lastRead: time(read), limit: .seconds(5)) == time(stall))
    }

    @Test func `silence that the head explains is none, nor is that of an empty line`() {
        #expect(line(head: 60, sent: 0).stallTime(now: time(50), lastRead: time(0), limit: .seconds(5)) == nil)
        #expect(PendingReplies<String>().stallTime(now: time(50), lastRead: time(0), limit: .seconds(5)) == nil)
    }

    private func line(head: Int, sent: Int) -> PendingReplies<String> {
        var pending = PendingReplies<String>()
        pending.append(call(1, replies: 1, "head", sent: sent, deadline: head))
        pending.append(call(2, replies: 1, "next", sent: sent, deadline: 1000))
        return pending
    }

    @Test func `any sequence gives each call one end and each reply its place`() {
        for _ in 0..<40 {
            var pending = PendingReplies<String>()
            // What the queue must do, done the plain way.
            var model: [(id: UInt64, missing: Int, waits: Bool)] = []
            for step in 0..<200 {
                switch Int.random(in: 0..<4) {
                case 0, 1:
                    let replies = Int.random(in: 1...3)
                    pending.append(call(UInt64(step), replies: replies, "\(step)"))
                    model.append((UInt64(step), replies, true))
                case 2:
                    let id = UInt64(Int.random(in: 0..<200))
                    let index = model.firstIndex { $0.id == id && $0.waits }
                    #expect((pending.cancel(id) != nil) == (index != nil))
                    if let index { model[index].waits = false }
                default:
                    let turn = turns(&pending, 1)[0]
                    guard !model.isEmpty else {
                        #expect(turn == "unexpected")
                        continue
                    }
                    model[0].missing -= 1
                    let isLast = model[0].missing == 0
                    #expect(turn == (model[0].waits ? "\(model[0].id)\(isLast ? "." : "")" : "discard"))
                    if isLast { model.removeFirst() }
                }
                #expect(pending.count == model.count)
            }
            #expect(pending.drain() == model.filter(\.waits).map { "\($0.id)" })
        }
    }

    private func time(_ seconds: Int) -> NIODeadline {
        .uptimeNanoseconds(UInt64(seconds) * 1_000_000_000)
    }

    private func call(
        _ id: UInt64,
        replies: Int,
        _ waiter: String,
        sent: Int = 0,
        deadline: Int = 100
    ) -> PendingReplies<String>.Call {
        .init(id: id, sentAt: time(sent), deadline: time(deadline), missing: replies, waiter: waiter)
    }

    /// The next turns in words; a point marks a call's last reply.
    private func turns(_ pending: inout PendingReplies<String>, _ count: Int) -> [String] {
        (0..<count).map { _ in
            switch pending.takeTurn() {
            case .deliver(let waiter, let isLast): waiter + (isLast ? "." : "")
            case .discard: "discard"
            case .unexpected: "unexpected"
            }
        }
    }
}
