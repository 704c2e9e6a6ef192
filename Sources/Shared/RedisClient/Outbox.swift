import NIOCore

/// What callers have handed to a connection and its event loop has not yet taken.
///
/// Callers encode their commands into ``bytes`` on their own thread; the first one to find the box empty asks the
/// event loop to come, and the others ride along. So a batch costs one hop and one write.
struct Outbox: Sendable {
    /// The commands, encoded.
    var bytes = ByteBuffer()
    /// The calls of these commands, in the same order.
    var calls: [PendingReplies<ReplyWaiter>.Call] = []
    /// Whether the event loop is on its way.
    var isFlushDue = false
    /// How many calls waited for replies when the event loop counted last.
    var inFlight = 0
    /// Why the connection takes no more calls; nil while it does.
    var closed: RedisError?
}
