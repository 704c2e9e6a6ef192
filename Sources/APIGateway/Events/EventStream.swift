import API
import Hummingbird
import Model
import NIOCore
import Store

/// The events as a stream of server-sent events (WHATWG HTML, 9.2) for one client.
///
/// What the client does not take keeps the stream from reading on: it lags, and costs no more. One that takes nothing at all
/// is cut off as any other (`ClientTimes`), and goes on from the last id that it has.
struct EventStream: Sendable {
    let log: EventLog
    let types: EventTypes
    /// The only project whose events it has; nil for all.
    let project: ProjectName?
    /// The event behind which it begins.
    let start: EventID

    /// How many events are written at once.
    private static let batch = 200
    /// A client hears something at least that often.
    private static let pause = Duration.seconds(15)
    /// How long a client is to wait before it connects again.
    private static let retry = Duration.seconds(2)

    @concurrent
    func write(to writer: inout any ResponseBodyWriter) async throws {
        var position = start
        // At once, so that the client has a position from the beginning.
        try await writer.write(
            ByteBuffer(string: "retry: \(Self.retry.components.seconds * 1000)\nid: \(position)\n\n")
        )
        var next = ContinuousClock.now + Self.pause
        while !log.isStopping, !Task.isCancelled {
            var text = ByteBuffer()
            do throws(Failure) {
                let (events, last) = try await log.events(after: position, limit: Self.batch, until: next)
                position = last
                let wanted = try await log.visible(events.filter { types.contains($0.type) }, to: project)
                for event in wanted { text.writeImmutableBuffer(try log.text(of: event)) }
            } catch {
                // The client asks again, and learns it from the answer.
                try await writer.write(ByteBuffer(string: ": \(error.code.rawValue)\n\n"))
                return
            }
            if text.readableBytes == 0 {
                guard .now >= next else { continue }
                // An id without data is remembered, and is no event.
                text.writeString("id: \(position)\n:\n\n")
            }
            try await writer.write(text)
            next = .now + Self.pause
        }
    }
}

extension EventResponse {
    init(_ event: StoreEvent) {
        self.init(
            id: event.id.description,
            type: event.type,
            at: Timestamp.text(milliseconds: Int(event.id.milliseconds)),
            fields: event.fields
        )
    }
}
