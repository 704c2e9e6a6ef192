package import Logging
import Model
import RedisClient

/// One entry of the event stream.
package struct StoreEvent: Hashable, Sendable {
    package let id: EventID
    /// What happened, such as `job.finished`.
    package let type: String
    /// What it happened to, by field.
    package let fields: [String: String]

    package init(id: EventID = .zero, type: String, fields: [String: String]) {
        (self.id, self.type, self.fields) = (id, type, fields)
    }
}

/// Reads the event stream from now on, over one blocking read, for everybody in this process.
package final class EventFeed: Sendable {
    /// What subscribers get.
    package enum Signal: Sendable {
        /// These happened, in this order.
        case events([StoreEvent])
        /// Events went by unread; what subscribers know may be old. Published once an outage, and where the stream was cut
        /// before it was read.
        case interrupted

        /// Whether an event of this type is among these.
        ///
        /// - Parameter type: the type.
        /// - Returns: false, too, for an interruption.
        package func contains(_ type: String) -> Bool {
            if case .events(let events) = self { events.contains { $0.type == type } } else { false }
        }
    }

    private let store: Store
    private let logger: Logger
    private let faults = RetryLog("the event stream cannot be read; trying again")
    private let subscribers = Subscribers()
    /// The latest events, as far as they are remembered.
    package let recent: RecentEvents

    /// Makes a feed; it starts with `run`.
    ///
    /// - Parameters:
    ///   - store: where the stream is.
    ///   - logger: where interruptions are logged.
    ///   - limit: how many of the latest events are remembered.
    package init(store: Store, logger: Logger, remembering limit: Int = 0) {
        self.store = store
        self.logger = logger
        recent = RecentEvents(limit: limit)
    }

    /// What happens from now on; ends when the feed does.
    ///
    /// - Parameter limit: how many signals are kept for a subscriber that lags; older ones go.
    /// - Returns: the signals, from now on.
    package func signals(keeping limit: Int = 10_000) -> AsyncStream<Signal> {
        subscribers.add(keeping: limit)
    }

    /// Reads until the task is cancelled; an outage of Redis is waited out.
    package func run() async {
        var position: EventID?
        var isInterrupted = false
        while !Task.isCancelled {
            do {
                if position == nil || isInterrupted {
                    // A Redis that went back may have a stream that ends before what was read of the other one.
                    let last = try await store.lastEvent()
                    if position.map({ last < $0 }) ?? true { position = last }
                }
                let start = position ?? .zero
                recent.note([], after: start, last: start)
                let (events, last, isWhole) = try await store.events(after: start, waiting: .seconds(10))
                if isWhole {
                    recent.note(events, after: start, last: last)
                } else {
                    recent.note(gapBefore: events, last: last)
                    logger.warning("more events happened than are kept before they were read; some were missed")
                    subscribers.publish(.interrupted)
                }
                position = last
                isInterrupted = false
                if !events.isEmpty { subscribers.publish(.events(events)) }
            } catch {
                guard !Task.isCancelled else { break }
                faults.note(error, in: logger)
                if !isInterrupted { subscribers.publish(.interrupted) }
                isInterrupted = true
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
        subscribers.end()
    }
}
