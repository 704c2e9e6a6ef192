package import Logging
import Model
import RedisClient

/// One entry of the event stream.
package struct StoreEvent: Hashable, Sendable {
    /// What happened, such as `job.finished`.
    package let type: String
    /// What it happened to, by field.
    package let fields: [String: String]
}

/// Reads the event stream from now on, over one blocking read, for everybody in this process.
package final class EventFeed: Sendable {
    /// What subscribers get.
    package enum Signal: Sendable {
        /// These happened, in this order.
        case events([StoreEvent])
        /// The stream cannot be read for a while; what subscribers know may be old. Published once an outage.
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

    /// Makes a feed; it starts with `run`.
    ///
    /// - Parameters:
    ///   - store: where the stream is.
    ///   - logger: where interruptions are logged.
    package init(store: Store, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// What happens from now on; ends when the feed does.
    ///
    /// - Parameter limit: how many signals are kept for a subscriber that lags; older ones go.
    /// - Returns: the signals, from now on.
    package func signals(keeping limit: Int = 10_000) -> AsyncStream<Signal> {
        subscribers.add(keeping: limit)
    }

    /// Whether an entry's id (`MS-SEQUENCE`) comes before another's.
    private static func precedes(_ first: String, _ second: String) -> Bool {
        func numbers(_ id: String) -> [UInt64] { id.split(separator: "-").map { UInt64($0) ?? 0 } }
        return numbers(first).lexicographicallyPrecedes(numbers(second))
    }

    /// Reads until the task is cancelled; an outage of Redis is waited out.
    package func run() async {
        var position: String?
        var isInterrupted = false
        while !Task.isCancelled {
            do {
                if position == nil || isInterrupted {
                    // A Redis that went back may have a stream that ends before what was read of the other one.
                    let last = try await store.lastEvent()
                    if position.map({ Self.precedes(last, $0) }) ?? true { position = last }
                }
                let (events, last) = try await store.events(after: position ?? "0-0", waiting: .seconds(10))
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

extension Store {
    /// The stream's last entry, or its beginning.
    func lastEvent() async throws(Failure) -> String {
        try await send(["XREVRANGE", keys.events, "+", "-", "COUNT", "1"]).lastEvent
    }

    /// What came after a position, and the position after that (XREAD BLOCK).
    func events(
        after position: String,
        waiting time: Duration
    ) async throws(Failure) -> (events: [StoreEvent], last: String) {
        let reply = try await send([
            "XREAD", "COUNT", "1000", "BLOCK", time.milliseconds, "STREAMS", keys.events, position,
        ])
        guard let entries = reply.array?.first?.array?.last?.array else { return ([], position) }
        let events = entries.compactMap { entry -> StoreEvent? in
            guard var fields = entry.array?.last?.map, let type = fields.removeValue(forKey: "type") else { return nil }
            numbersSeen.note(job: fields["job"].flatMap(JobID.init), vm: fields["vm"].flatMap(VMID.init))
            return StoreEvent(type: type, fields: fields)
        }
        return (events, entries.last?.array?.first?.string ?? position)
    }
}
