import NIOCore

/// A connection's state, shared by the handlers of its channel; all run on its event loop.
final class Connection {
    var state: ConnectionState

    init(times: ClientTimes, now: NIODeadline) {
        state = ConnectionState(times: times, now: now)
    }
}
