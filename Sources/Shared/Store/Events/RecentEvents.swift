import NIOConcurrencyHelpers

/// The latest events, for readers that lag a little: what lies further back, they read from Redis themselves.
package final class RecentEvents: Sendable {
    /// What there is behind a position.
    package enum Reading: Sendable {
        case events([StoreEvent])
        /// It is the last event.
        case upToDate
        /// Not all that lies behind it is here.
        case unknown
    }

    private struct State {
        /// The event before the first one that is here; nil before the stream was read.
        var start: EventID?
        var last = EventID.zero
        var events: [StoreEvent] = []
    }

    private let limit: Int
    private let state = NIOLockedValueBox(State())

    /// Remembers up to so many events.
    init(limit: Int) { self.limit = limit }

    /// The last event of the stream, as far as it was read; nil before it was read.
    package var last: EventID? { state.withLockedValue { $0.start == nil ? nil : $0.last } }

    /// Takes in what was read behind a position.
    ///
    /// Where it does not go on from what is here, as after an outage, what is here is dropped.
    func note(_ events: [StoreEvent], after position: EventID, last: EventID) {
        guard limit > 0 else { return }
        state.withLockedValue { state in
            if state.start == nil || state.last != position {
                state = State(start: position, last: position)
            }
            state.events += events
            state.last = last
            // Half of it at a time, so that what stays is not moved for each event.
            guard state.events.count > limit else { return }
            let surplus = state.events.count - limit / 2
            state.start = state.events[surplus - 1].id
            state.events.removeFirst(surplus)
        }
    }

    /// Takes in what was read where the stream had been cut before it: nothing before the first of these is all there was.
    func note(gapBefore events: [StoreEvent], last: EventID) {
        note([], after: .zero, last: .zero)
        note(Array(events.dropFirst()), after: events.first?.id ?? last, last: last)
    }

    /// What there is behind a position.
    package func events(after position: EventID, limit: Int) -> Reading {
        state.withLockedValue { state in
            guard let start = state.start, start <= position, position <= state.last else { return .unknown }
            guard position < state.last else { return .upToDate }
            var (low, high) = (0, state.events.count)
            while low < high {
                let middle = (low + high) / 2
                if state.events[middle].id <= position { low = middle + 1 } else { high = middle }
            }
            let events = Array(state.events[low...].prefix(limit))
            // Entries that are none of ours are left out, and the last of them may be the end.
            return events.isEmpty ? .upToDate : .events(events)
        }
    }
}
