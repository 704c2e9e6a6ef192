import API
import ArgumentParser

/// `hvctl watch`: the list of VMs, as it changes.
struct Watch: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the VMs, and shows them again whenever something happens to one; Ctrl-C ends it.",
        discussion: "'hvctl events' is for programs."
    )

    @OptionGroup var common: CommonOptions

    @Option(
        name: [.customShort("l"), .customLong("label")],
        help: ArgumentHelp("Only those with this label.", valueName: "key=value")
    )
    var labels: [String] = []

    func run(in session: Session) async throws {
        guard session.terminal.hasOutput, session.format.hasColumns else {
            throw CommandFailure.usage("watch needs a terminal", next: ["hvctl list", "hvctl events"])
        }
        session.terminal.write("\u{1B}[?1049h\u{1B}[?25l")
        defer { session.terminal.write("\u{1B}[?25h\u{1B}[?1049l") }
        do {
            try await Interrupt.cancelling { try await follow(session) }
        } catch is CancellationError {
        } catch let failure as CommandFailure where failure.exit == .interrupted {
        }
    }

    private func follow(_ session: Session) async throws {
        while true {
            let size = Terminal.size()
            var query: Server.Query = [("limit", "\(min(500, max(1, size.rows)))"), ("project", session.project)]
            for label in labels { query.append(("label", label)) }
            let page = try await session.server.call(Endpoints.listVMs, query: query).value
            var text = try session.list(VMNoun.columns, named: VMNoun.nameField, isField: VMNoun.isField)
            let lines = (text.add(page["items"]?.items ?? []) + text.end()).split(separator: "\n").prefix(size.rows - 1)
            session.terminal.write("\u{1B}[H" + lines.map { $0 + "\u{1B}[K\r\n" }.joined() + "\u{1B}[J")
            try await wait(behind: page["events_cursor"]?.string, session)
        }
    }

    /// Waits until something happens; the time that follows makes one picture of what happens within a moment.
    private func wait(behind cursor: String?, _ session: Session) async throws {
        let events: Server.Query = [("since", cursor), ("types", "vm.*,job.*"), ("wait", "30"), ("limit", "1")]
        _ = try await session.server.call(
            Endpoints.readEvents,
            query: events,
            fields: [("Accept", "application/json")],
            within: .seconds(50)
        )
        try await Task.sleep(for: .milliseconds(200))
    }
}
