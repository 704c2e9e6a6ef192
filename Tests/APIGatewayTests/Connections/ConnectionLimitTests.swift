import Logging
import NIOCore
import Testing

@testable import APIGateway

@Suite("How many connections there may be")
struct ConnectionLimitTests {
    @Test("Those that are idle give way in the order in which they became idle, busy ones never")
    func order() {
        var order = IdleOrder<String>()
        let slots = ["a", "b", "c", "d"].map { order.insert($0) }
        order.setBusy(slots[0])
        order.setBusy(slots[2])
        order.setIdle(slots[0])
        order.remove(slots[3])
        #expect(order.popOldest() == "b")
        #expect(order.popOldest() == "a")
        #expect(order.popOldest() == nil)
        let new = order.insert("e")
        #expect(new == slots[3])
        order.setIdle(slots[2])
        order.setIdle(slots[2])
        #expect(order.popOldest() == "e")
        #expect(order.popOldest() == "c")
        order.remove(slots[2])
        order.remove(new)
        #expect(order.popOldest() == nil)
    }

    @Test("It is what is wanted, and leaves room under the limit of descriptors")
    func counts() {
        #expect(ConnectionLimit.count(wanted: 10_000, descriptors: 65_536, others: 70) == 10_000)
        #expect(ConnectionLimit.count(wanted: 10_000, descriptors: 1024, others: 70) == 954)
        #expect(ConnectionLimit.count(wanted: 10_000, descriptors: 64, others: 70) == 16)
        #expect(ConnectionLimit.count(wanted: 5, descriptors: 64, others: 70) == 5)
    }

    @Test("Where it is full, the connection that is idle for longest closes, and one that is asked anything does not")
    func room() throws {
        let limit = ConnectionLimit(count: 2, logger: Logger(label: "test"))
        limit.connectionOpened()
        #expect(limit.isAcceptingNewConnections())
        let (first, second) = (try TestConnection(limit: limit), try TestConnection(limit: limit))
        limit.connectionOpened()
        try first.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(!limit.isAcceptingNewConnections())
        second.run()
        #expect(first.isOpen && !second.isOpen)
        // Its answer is its last one as long as others wait.
        try first.answer()
        #expect(try first.received().contains("Connection: close"))
        #expect(!first.isOpen)
        limit.connectionClosed()
        #expect(limit.isAcceptingNewConnections())
        #expect(!limit.isFull)
    }

    @Test("Of many that are over at once each closes in its turn, and one that asks something meanwhile goes on")
    func turns() throws {
        let limit = ConnectionLimit(count: 10, logger: Logger(label: "test"))
        let left = try (0..<3).map { _ in try TestConnection(limit: limit) }
        for connection in left { connection.sendEnd() }
        #expect(left.map(\.isOpen) == [false, true, true])
        for connection in left { connection.advance(.microseconds(500)) }
        #expect(left.map(\.isOpen) == [false, false, true])
        left[2].advance(.milliseconds(1))
        #expect(!left[2].isOpen)
        // So do those that nobody uses.
        let idle = try (0..<3).map { _ in try TestConnection(limit: limit) }
        for connection in idle { connection.advance(.seconds(60)) }
        #expect(idle.map(\.isOpen) == [false, true, true])
        try idle[1].send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        for connection in idle { connection.advance(.milliseconds(5)) }
        #expect(idle.map(\.isOpen) == [false, true, false])
        try idle[1].answer()
        #expect(try idle[1].received().contains("200 OK") && idle[1].isOpen)
    }

    @Test("The memory for bodies is shared, and comes back")
    func budget() {
        let budget = BodyBudget(bytes: 10)
        #expect(budget.take(6))
        #expect(!budget.take(5))
        #expect(budget.take(4))
        budget.give(6)
        #expect(budget.take(5))
    }
}
