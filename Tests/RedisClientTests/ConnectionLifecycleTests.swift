import NIOCore
import Testing

@testable import RedisClient

/// What a kept connection goes through, without a socket.
@Suite struct ConnectionLifecycleTests {
    private let backoff = Backoff(base: .milliseconds(100), limit: .seconds(1))
    private let refused = RedisError(.notConnected, "refused")
    private let end = RedisError(.shutDown, "the end")

    @Test func `the first demand starts the attempts, no other one does`() {
        var life = ConnectionLifecycle<String>(backoff: backoff)
        #expect(outlook(life) == "opening")
        #expect(life.demand() == true)
        #expect(life.demand() == false)
        #expect(outlook(life) == "opening")
        #expect(life.connected("one", at: time(0)) == true)
        #expect(life.connection == "one")
        #expect(life.demand() == false)
    }

    @Test func `failures wait longer and longer, a success starts over`() {
        var life = ConnectionLifecycle<String>(backoff: backoff)
        _ = life.demand()
        let waits = (0..<5).map { _ in life.failed(refused, fraction: 1) }
        #expect(waits == [100, 200, 400, 800, 1000].map { .milliseconds($0) })
        #expect(outlook(life) == "away notConnected")
        #expect(life.connected("one", at: time(0)) == true)
        #expect(outlook(life) == "ready one")
        #expect(life.lost(refused, at: time(60), fraction: 1) == .zero)
        #expect(outlook(life) == "away notConnected")
        #expect(life.connection == nil)
        #expect(life.failed(refused, fraction: 1) == .milliseconds(100))
    }

    @Test func `a connection that ends soon counts as one more failure`() {
        var life = ConnectionLifecycle<String>(backoff: backoff)
        _ = life.demand()
        for expected in [100, 200, 400] {
            #expect(life.connected("short", at: time(0)) == true)
            #expect(life.lost(refused, at: time(1), fraction: 1) == .milliseconds(expected))
        }
    }

    @Test func `a loss is noted once`() {
        var life = ConnectionLifecycle<String>(backoff: backoff)
        _ = life.demand()
        _ = life.connected("one", at: time(0))
        #expect(life.lost(refused, at: time(9), fraction: 1) != nil)
        #expect(life.lost(refused, at: time(9), fraction: 1) == nil)
    }

    @Test func `after the end nothing begins`() {
        var life = ConnectionLifecycle<String>(backoff: backoff)
        _ = life.demand()
        _ = life.connected("one", at: time(0))
        #expect(life.close(end) == "one")
        #expect(life.close(end) == nil)
        #expect(outlook(life) == "closed shutDown")
        #expect(life.demand() == false)
        #expect(life.connected("late", at: time(1)) == false)
        #expect(life.failed(refused, fraction: 1) == nil)
        #expect(life.lost(refused, at: time(1), fraction: 1) == nil)
        #expect(outlook(life) == "closed shutDown")
    }

    private func time(_ seconds: Int) -> NIODeadline {
        .uptimeNanoseconds(UInt64(seconds) * 1_000_000_000)
    }

    private func outlook(_ life: ConnectionLifecycle<String>) -> String {
        switch life.outlook {
        case .ready(let connection): "ready \(connection)"
        case .opening: "opening"
        case .away(let error): "away \(error.code)"
        case .closed(let error): "closed \(error.code)"
        }
    }
}
