import API
import HTTPTypes
import Hummingbird
import Model
import Store

/// `/v1/events`.
struct EventController: Sendable {
    let log: EventLog

    /// A stream of server-sent events; with `wait`, or for who wants JSON alone, a page.
    @Sendable
    func read(_ call: V1Call<NoBody>) async throws(Failure) -> V1Response<EventPage> {
        let types = try EventTypes(call.query["types"])
        let wait = try call.query.number("wait", in: 0...300)
        let limit = try call.query.number("limit", in: ListQuery.limits) ?? ListQuery.defaultLimit
        let start = try await start(of: call)
        guard wait == nil, !call.wantsJSON else {
            let deadline = ContinuousClock.now + .seconds(wait ?? 0)
            return try await page(behind: start, types, limit, of: call.ownProject, until: deadline)
        }
        // Where the events are not kept any more, the answer says so rather than the stream.
        _ = try await log.events(after: start, limit: 1, until: .now)
        let stream = EventStream(log: log, types: types, project: call.ownProject, start: start)
        return V1Response(
            response: Response(
                status: .ok,
                headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
                body: ResponseBody { writer in
                    try await stream.write(to: &writer)
                    try await writer.finish(nil)
                }
            )
        )
    }

    /// The event behind which to begin: the last one that the client has, or else the last that there is.
    private func start(of call: V1Call<NoBody>) async throws(Failure) -> EventID {
        var start: EventID?
        // The header counts for more, and is what a client sends that comes back.
        for text in [call.query["since"], call.request.headers[.lastEventID]].compactMap(\.self) {
            start = try Self.event(text)
        }
        if let start { return start }
        return try await log.last()
    }

    private static func event(_ text: String) throws(Failure) -> EventID {
        guard let id = EventID(text) else {
            throw Failure(
                .invalidRequest,
                "'\(text.prefix(40))' is no id of an event: give one that an event or a list had, or none for what comes now"
            )
        }
        return id
    }

    private func page(
        behind start: EventID,
        _ types: EventTypes,
        _ limit: Int,
        of project: ProjectName?,
        until deadline: ContinuousClock.Instant
    ) async throws(Failure) -> V1Response<EventPage> {
        var (position, items) = (start, [EventResponse]())
        repeat {
            let (events, last) = try await log.events(after: position, limit: limit, until: deadline)
            position = last
            let wanted = try await log.visible(events.filter { types.contains($0.type) }, to: project)
            items = wanted.map { EventResponse($0) }
            // All that came was of other types: on, as long as there is more or time.
            if events.isEmpty { break }
        } while items.isEmpty
        return try V1Response(EventPage(items: items, next: position.description))
    }
}

extension V1Call {
    /// Whether the caller takes JSON and no stream.
    fileprivate var wantsJSON: Bool {
        let accepted = request.headers[.accept]?.lowercased() ?? ""
        return accepted.contains("application/json") && !accepted.contains("text/event-stream")
    }
}
