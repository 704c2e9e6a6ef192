import NIOCore

/// The calls that wait for replies on one connection, in the order of their commands.
///
/// Redis answers in order, so the next reply always belongs to the oldest call. A call that was cancelled or ran out
/// of time keeps its place without a waiter, and its replies are thrown away when they come. Pure: it does no I/O and
/// reads no clock.
struct PendingReplies<Waiter> {
    /// One call.
    struct Call {
        let id: UInt64
        /// When it was appended.
        var sentAt: NIODeadline
        let deadline: NIODeadline
        /// The number of replies still to come.
        var missing: Int
        /// Nil once nobody waits any more.
        var waiter: Waiter?
    }

    /// Where a reply goes.
    enum Turn {
        /// To this waiter; `isLast` where its call is complete.
        case deliver(Waiter, isLast: Bool)
        /// To nobody: the caller has given up.
        case discard
        /// To no call at all: the server spoke unasked.
        case unexpected
    }

    private var calls = CircularBuffer<Call>(initialCapacity: 64)

    /// A time that no call's deadline comes before; it may be too early after calls have ended, never too late.
    private(set) var nextDeadline = NIODeadline.distantFuture

    var count: Int { calls.count }
    var isEmpty: Bool { calls.isEmpty }

    mutating func append(_ call: Call) {
        calls.append(call)
        nextDeadline = min(nextDeadline, call.deadline)
    }

    /// Assigns the next reply.
    mutating func takeTurn() -> Turn {
        guard let first = calls.indices.first else { return .unexpected }
        let waiter = calls[first].waiter
        calls[first].missing -= 1
        let isLast = calls[first].missing == 0
        if isLast {
            calls.removeFirst()
        }
        return waiter.map { .deliver($0, isLast: isLast) } ?? .discard
    }

    /// Takes a call's waiter away; nil where the call is over already.
    mutating func cancel(_ id: UInt64) -> Waiter? {
        guard let index = calls.firstIndex(where: { $0.id == id }) else { return nil }
        return calls[index].waiter.take()
    }

    /// Takes away the waiters whose deadline is reached, and finds the next deadline.
    mutating func expire(now: NIODeadline) -> [Waiter] {
        var expired: [Waiter] = []
        nextDeadline = .distantFuture
        for index in calls.indices where calls[index].waiter != nil {
            if calls[index].deadline > now {
                nextDeadline = min(nextDeadline, calls[index].deadline)
            } else if let waiter = calls[index].waiter.take() {
                expired.append(waiter)
            }
        }
        return expired
    }

    /// When the server must be taken for gone, if it stays silent until then.
    ///
    /// Only a call at the head of the line that is itself overdue counts: while it has time left, a slow command
    /// explains the silence.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - lastRead: When the last bytes came.
    ///   - limit: How much silence is too much.
    /// - Returns: A time, which may be over; nil where nothing speaks against the server.
    func stallTime(now: NIODeadline, lastRead: NIODeadline, limit: TimeAmount) -> NIODeadline? {
        guard let head = calls.first, head.deadline <= now else { return nil }
        return max(lastRead, head.sentAt) + limit
    }

    /// Takes all waiters away, because the connection is gone.
    mutating func drain() -> [Waiter] {
        let waiters = calls.compactMap(\.waiter)
        calls.removeAll()
        nextDeadline = .distantFuture
        return waiters
    }
}

extension PendingReplies: Sendable where Waiter: Sendable {}
extension PendingReplies.Call: Sendable where Waiter: Sendable {}
