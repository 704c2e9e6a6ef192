import NIOCore

/// What the log reports of a server that goes away: its loss, a reminder now and then while it lasts, and its return.
///
/// A server that comes and goes is reported as rarely. Pure: reads no clock.
struct Outage {
    /// What to report.
    enum Report: Equatable {
        /// The server is away.
        case away
        /// It is still away, after so long.
        case still(TimeAmount)
        /// It is back, after so long.
        case back(TimeAmount)
    }

    /// One that is lost again so soon after its return comes and goes.
    private static let settled = TimeAmount.seconds(5)

    private let reminder: TimeAmount
    private var began: NIODeadline?
    private var ended: NIODeadline?
    /// When something was reported last.
    private var reported: NIODeadline?
    /// Whether the loss was reported, so that the return is to be.
    private var isKnown = false

    /// Nothing is wrong yet.
    ///
    /// - Parameter reminder: after how long an outage that lasts is reported again.
    init(reminder: Duration) {
        self.reminder = TimeAmount(reminder)
    }

    /// Notes that the server was lost, or is still away.
    ///
    /// - Returns: what to report; nil where that was done already.
    mutating func failed(at now: NIODeadline) -> Report? {
        let isNew = began == nil
        let start = began ?? now
        began = start
        let isDue = reported.map { now - $0 >= reminder } ?? true
        let comesAndGoes = ended.map { now - $0 < Self.settled } ?? false
        guard isDue || isNew && !comesAndGoes else { return nil }
        reported = now
        isKnown = true
        return isNew ? .away : .still(now - start)
    }

    /// Notes that the server is there.
    ///
    /// - Returns: what to report; nil where it was not away, or that was not reported.
    mutating func recovered(at now: NIODeadline) -> Report? {
        guard let start = began else { return nil }
        began = nil
        ended = now
        guard isKnown else { return nil }
        isKnown = false
        return .back(now - start)
    }
}
