import API
import Foundation
import Model

/// How long creates may wait for room.
struct RoomWait: Sendable {
    /// The longest wait that is taken.
    let longest: Duration

    /// How long a create waits for room; nil where it fails without any.
    ///
    /// - Parameters:
    ///   - whenFull: what the caller wants.
    ///   - seconds: for how long.
    ///   - deadline: until when (RFC 3339), where no seconds are given.
    /// - Returns: how long.
    /// - Throws: `Failure` with `invalidRequest`.
    func duration(_ whenFull: WhenFull?, _ seconds: Int?, until deadline: String?) throws(Failure) -> Duration? {
        guard whenFull == .wait else { return nil }
        let name = seconds == nil ? "deadline_at" : "wait_s"
        let wait = if let seconds { Duration.seconds(seconds) } else { try Self.time(until: deadline ?? "") }
        guard wait > .zero else {
            throw Failure(.invalidRequest, "\(name) is over: give a time to come", pointer: "/" + name)
        }
        guard wait <= longest else {
            let seconds = longest.components.seconds
            throw Failure(
                .invalidRequest,
                "\(name) is more than \(seconds) s away, which is the longest (HVC_ROOM_WAIT)",
                pointer: "/" + name
            )
        }
        return wait
    }

    private static func time(until text: String) throws(Failure) -> Duration {
        let style = Date.ISO8601FormatStyle(timeZoneSeparator: .colon)
        for style in [
            style, style.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .colon),
        ] {
            // The other form may be the right one.
            if let time = try? style.parse(text) { return .seconds(time.timeIntervalSinceNow) }
        }
        throw Failure(.invalidRequest, "deadline_at='\(text.prefix(40))' is no day there is", pointer: "/deadline_at")
    }
}
