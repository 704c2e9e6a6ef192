import API
import Model
import NIOConcurrencyHelpers
import NIOCore
import Store

/// The events, for clients that follow them.
///
/// One read of Redis serves all that follow closely; one that lags further reads pages from Redis until it has caught up. A
/// reader costs its position, and no event is kept for it.
final class EventLog: Sendable {
    private struct Reader: Identifiable {
        let id: Int
    }

    private let feed: EventFeed
    private let store: Store
    private let readers = WaitingCallers<Reader, Void>()
    private let state = NIOLockedValueBox((lastReader: 0, isStopping: false))

    /// The latest events as streams send them: each is written once for all readers.
    private let texts = NIOLockedValueBox([EventID: ByteBuffer]())
    private static let mostTexts = 512

    /// How long events are gathered before readers are woken, of whom there may be thousands.
    private static let pause = Duration.milliseconds(25)

    init(feed: EventFeed, store: Store) {
        (self.feed, self.store) = (feed, store)
    }

    /// Wakes readers until the feed ends.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.readers.run() }
            for await _ in feed.signals(keeping: 1) {
                readers.endAll(with: ())
                // A cancelled sleep ends the loop.
                try? await Task.sleep(for: Self.pause)
            }
            group.cancelAll()
        }
    }

    /// Waits until the gateway is to stop, and ends all streams then: the server waits for them.
    func endWithGateway() async {
        // A cancelled sleep ends the loop.
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        state.withLockedValue { $0.isStopping = true }
        readers.endAll(with: ())
    }

    /// Whether streams are to end.
    var isStopping: Bool { state.withLockedValue(\.isStopping) }

    /// How many wait for events.
    var readerCount: Int { readers.subjects.count }

    /// The last event that there is now.
    func last() async throws(Failure) -> EventID {
        if let last = feed.recent.last { return last }
        return try await store.lastEvent()
    }

    /// What comes behind a position, once there is something.
    ///
    /// - Parameters:
    ///   - position: the event behind which to begin.
    ///   - limit: how many events at most.
    ///   - deadline: until when to wait.
    /// - Returns: the events, none at the deadline, and the position behind them.
    /// - Throws: `Failure` with `cursorExpired` where not all of them are kept.
    func events(
        after position: EventID,
        limit: Int,
        until deadline: ContinuousClock.Instant
    ) async throws(Failure) -> (events: [StoreEvent], last: EventID) {
        while true {
            // From before the question on, so that an event behind the answer counts.
            let seen = feed.recent.last
            switch feed.recent.events(after: position, limit: limit) {
            case .events(let events): return (events, events.last?.id ?? position)
            case .upToDate: break
            case .unknown:
                let page = try await store.eventPage(after: position, limit: limit)
                guard page.last == position else { return page }
            }
            guard .now < deadline, !isStopping, !Task.isCancelled else { return ([], position) }
            await wait(until: deadline, since: seen)
        }
    }

    /// The events that a caller may see: all, or those of its project.
    func visible(_ events: [StoreEvent], to project: ProjectName?) async throws(Failure) -> [StoreEvent] {
        guard let project, !events.isEmpty else { return events }
        return try await store.events(events, of: project)
    }

    /// An event as a stream sends it.
    func text(of event: StoreEvent) throws(Failure) -> ByteBuffer {
        if let known = texts.withLockedValue({ $0[event.id] }) { return known }
        // It ends in a line feed.
        var json = try JSONBody.bytes(EventResponse(event))
        var text = ByteBuffer(string: "id: \(event.id)\ndata: ")
        text.writeBuffer(&json)
        text.writeString("\n")
        texts.withLockedValue { [text] texts in
            if texts.count >= Self.mostTexts { texts = [:] }
            texts[event.id] = text
        }
        return text
    }

    private func wait(until deadline: ContinuousClock.Instant, since seen: EventID?) async {
        let number = state.withLockedValue { state in
            state.lastReader += 1
            return state.lastReader
        }
        _ = await readers.wait(for: Reader(id: number), until: deadline) {
            feed.recent.last == seen && !isStopping ? nil : ()
        }
    }
}
