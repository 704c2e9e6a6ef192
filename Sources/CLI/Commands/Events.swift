import API
import ArgumentParser

/// `hvctl events`: what happens.
struct Events: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints what happens, until it is ended by Ctrl-C.",
        discussion: "It asks again where the connection breaks, and misses nothing that is still kept."
    )

    @OptionGroup var common: CommonOptions

    @Option(help: "Behind this event; 0-0 for all that are kept.")
    var since: String?

    @Option(help: "Only these types, with commas between, such as 'job.finished,vm.*'.")
    var types: String?

    @Flag(name: .customLong("no-follow"), help: "Ends with the last one that there is.")
    var doesNotFollow = false

    private static let columns: [Column] = [
        .field("at"), .field("type"), .field("vm", "vm_id", number: true), .field("pm", "pm_id", number: true),
        .field("job", "job_id", number: true), .field("state"),
        .made("what", of: "kind", "reason", "code", "detail") { event in
            ["kind", "code", "detail", "reason"].compactMap { event[$0]?.cell }.joined(separator: " ")
        },
        .field("id", wide: true), .field("worker", wide: true), .field("more", wide: true),
    ]
    /// As wide as most values are, since those to come are not known.
    private static let widths = [
        "2026-01-01T00:00:00.000Z", "job.finished", "00000", "0000", "00000", "destroying", "",
    ]

    func run(in session: Session) async throws {
        var cursor = since ?? (doesNotFollow ? "0-0" : nil)
        var writer = EventWriter(
            session,
            try Self.columns.chosen(by: session.columns, isWide: session.format == .wide, isField: Self.isField)
        )
        while true {
            let wait = doesNotFollow ? 0 : 30
            let page: JSONValue
            do throws(CommandFailure) {
                page = try await session.server.call(
                    Endpoints.readEvents,
                    query: [("since", cursor), ("types", types), ("wait", "\(wait)"), ("limit", "500")],
                    fields: [("Accept", "application/json")],
                    within: .seconds(wait + 20)
                ).value
            } catch {
                // The gateway may be started again; what happens meanwhile is kept.
                guard error.exit == .unreachable, cursor != nil else { throw error }
                try await Task.sleep(for: .seconds(1))
                continue
            }
            let items = page["items"]?.items ?? []
            writer.add(items)
            cursor = page["next_cursor"]?.string ?? cursor
            if doesNotFollow, items.isEmpty { return writer.end() }
        }
    }

    private static func isField(_ name: String) -> Bool { Schema(of: EventResponse.self)[field: name] != nil }

    /// Events as they come: tables whose columns do not move, and an object a line for all programs.
    private struct EventWriter {
        private let session: Session
        private var text: ListText

        init(_ session: Session, _ columns: [Column]) {
            self.session = session
            let format: OutputFormat = session.format == .json ? .jsonl : session.format
            text = ListText(
                format,
                columns,
                isChosen: session.columns != nil,
                nameField: "type",
                hasHeader: session.hasHeader,
                narrowest: session.columns == nil ? Events.widths.map(\.count) : []
            )
        }

        mutating func add(_ events: [JSONValue]) {
            guard !events.isEmpty else { return }
            session.terminal.write(text.add(events))
        }

        mutating func end() {
            if session.format.hasColumns { session.terminal.write(text.end()) }
        }
    }
}
