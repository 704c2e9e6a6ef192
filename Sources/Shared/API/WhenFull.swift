import Model

/// What becomes of a create for which no PM has room when its turn comes.
package enum WhenFull: String, Codable, CaseIterable, Hashable, Sendable {
    /// It fails.
    case refuse
    /// It leaves the line, and is decided on again when room is freed, until a deadline.
    case wait

    /// For how long one may wait at most, whatever is configured.
    package static let seconds = 1...2_592_000

    /// Refuses a deadline without a wait, a wait without a deadline, and two deadlines.
    static func check(_ whenFull: WhenFull?, _ seconds: Int?, _ deadline: String?) throws(Failure) {
        if let seconds, !Self.seconds.contains(seconds) {
            throw Failure(
                .invalidRequest,
                "wait_s is \(seconds): give 1 to \(Self.seconds.upperBound)",
                pointer: "/wait_s"
            )
        }
        if let deadline, !TextPattern.takes(TextPattern.time, deadline) {
            throw Failure(
                .invalidRequest,
                "deadline_at='\(deadline.prefix(40))' is no time: give RFC 3339, such as 2030-01-31T12:00:00Z",
                pointer: "/deadline_at"
            )
        }
        guard (seconds == nil) != (deadline == nil) || whenFull != .wait else {
            throw Failure(.invalidRequest, "when_full is wait: give wait_s or deadline_at, and not both", pointer: "")
        }
        guard whenFull == .wait || seconds == nil && deadline == nil else {
            throw Failure(
                .invalidRequest,
                "wait_s and deadline_at are for when_full: wait: give that, too, or neither",
                pointer: ""
            )
        }
    }
}

extension WhenFull: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .wait }
}
