package import Model
import RedisClient

extension Store {
    /// The stream's last entry, or its beginning.
    package func lastEvent() async throws(Failure) -> EventID {
        EventID(try await send(["XREVRANGE", keys.events, "+", "-", "COUNT", "1"]).lastEvent) ?? .zero
    }

    /// What came after a position, and the position after that (XREAD BLOCK).
    func events(
        after position: EventID,
        waiting time: Duration
    ) async throws(Failure) -> (events: [StoreEvent], last: EventID) {
        let reply = try await send([
            "XREAD", "COUNT", "1000", "BLOCK", time.milliseconds, "STREAMS", keys.events, position.description,
        ])
        guard let entries = reply.array?.first?.array?.last?.array else { return ([], position) }
        let events = entries.compactMap { StoreEvent($0) }
        for event in events {
            numbersSeen.note(
                job: event.fields["job"].flatMap { JobID($0) },
                vm: event.fields["vm"].flatMap { VMID($0) }
            )
        }
        return (events, entries.last?.array?.first?.string.flatMap { EventID($0) } ?? position)
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
