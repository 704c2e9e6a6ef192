package import Model
import RedisClient

extension Store {
    /// The stream's last entry, or its beginning.
    package func lastEvent() async throws(Failure) -> EventID {
        EventID(try await send(["XREVRANGE", keys.events, "+", "-", "COUNT", "1"]).lastEvent) ?? .zero
    }

    /// How many events are read at once: fewer than the stream keeps, so that whoever gets fewer has missed none.
    private static let eventsAtOnce = 1000

    /// What came after a position, the position after that, and whether it is all (XREAD BLOCK).
    func events(
        after position: EventID,
        waiting time: Duration
    ) async throws(Failure) -> (events: [StoreEvent], last: EventID, isWhole: Bool) {
        let reply = try await send([
            "XREAD", "COUNT", Self.eventsAtOnce, "BLOCK", time.milliseconds, "STREAMS", keys.events,
            position.description,
        ])
        guard let entries = reply.array?.first?.array?.last?.array else { return ([], position, true) }
        let events = entries.compactMap { StoreEvent($0) }
        for event in events {
            numbersSeen.note(
                job: event.fields["job"].flatMap { JobID($0) },
                vm: event.fields["vm"].flatMap { VMID($0) }
            )
        }
        let last = entries.last?.array?.first?.string.flatMap { EventID($0) } ?? position
        return (events, last, try await isKept(position, before: entries.count))
    }

    /// Whether the stream was not cut behind a position before so many events were read after it.
    private func isKept(_ position: EventID, before count: Int) async throws(Failure) -> Bool {
        // What lies behind a cut is more than a full page: only who has read one asks. The stream may have been cut since
        // the page was read, and then a gap is reported that there was not.
        guard count == Self.eventsAtOnce, position != .zero else { return true }
        let first = try await send(["XRANGE", keys.events, "-", "+", "COUNT", "1"]).lastEvent
        return EventID(first).map { $0 <= position } ?? false
    }

    /// What came after a position, as far as it is kept.
    ///
    /// - Parameters:
    ///   - position: the event behind which to begin.
    ///   - limit: how many events at most.
    /// - Returns: the events, and the last of them, or the position where there are none.
    /// - Throws: `Failure` with `cursorExpired` where not all that came after the position is kept.
    package func eventPage(
        after position: EventID,
        limit: Int
    ) async throws(Failure) -> (events: [StoreEvent], last: EventID) {
        let page: EventPageReply = try await run(.readEvents, ["after": position.description, "limit": limit])
        guard case .entries(let entries) = page else {
            throw Failure(
                .cursorExpired,
                "not all that came after event \(position) is kept: read the lists again, and go on from their events_cursor"
            )
        }
        let last = entries.last?.array?.first?.string.flatMap { EventID($0) }
        return (entries.compactMap { StoreEvent($0) }, last ?? position)
    }
}

private enum EventPageReply: ScriptReply {
    case entries([RESPValue])
    case expired

    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, let word = parts.first?.string else { return nil }
        switch (word, parts.count) {
        case ("expired", 1): self = .expired
        case ("ok", 2):
            guard let entries = parts[1].array else { return nil }
            self = .entries(entries)
        default: return nil
        }
    }
}

extension StoreEvent {
    /// Reads an entry of the stream; nil where it is none of ours.
    fileprivate init?(_ entry: RESPValue) {
        guard let parts = entry.array, let id = parts.first?.string.flatMap({ EventID($0) }),
            var fields = parts.last?.map, let type = fields.removeValue(forKey: "type")
        else { return nil }
        self.init(id: id, type: type, fields: fields)
    }
}
