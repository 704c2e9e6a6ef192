import NIOCore

/// How long a client may take for its part of an exchange.
///
/// The gateway's own part has no limit here: a caller may wait for an outcome for `HVC_WAIT`.
struct ClientTimes: Sendable {
    /// From the last answer to the next request.
    var idle: TimeAmount = .seconds(60)
    /// From the first byte of a request's head to its last one.
    var head: TimeAmount = .seconds(15)
    /// From a request's head to the end of its body, and one second more for each `bodyRate` bytes that have come.
    var body: TimeAmount = .seconds(10)
    var bodyRate = 2 << 10
    /// For the answer; receiving `answerShare` bytes of it starts the time again.
    var answer: TimeAmount = .seconds(30)
    var answerShare = 64 << 10
    /// After the last answer: how long, and for how many bytes, what a client still sends is read and thrown away.
    ///
    /// If the connection were closed before the client has sent everything, the answer could be lost (RFC 9112, 9.6).
    var drain: TimeAmount = .seconds(2)
    var drained = 256 << 10
    /// At a graceful stop: how long a body that is under way, or an answer that nobody takes, is waited for.
    var stop: TimeAmount = .seconds(1)
}
