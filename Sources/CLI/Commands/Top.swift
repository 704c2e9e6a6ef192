import API
import ArgumentParser

/// `hvctl top`: what goes on now.
struct Top: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the queue, the workers and the PMs, again and again; Ctrl-C ends it.",
        discussion: "Where results do not go to a terminal it shows them once."
    )

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("How often.", valueName: "time"))
    var every: Span = Span(.seconds(2))

    func validate() throws {
        guard every.seconds < 1 else { return }
        throw ValidationError("--every is \(every): give a second or more")
    }

    func run(in session: Session) async throws {
        guard session.terminal.hasOutput, session.format == .table else {
            let screen = try await TopScreen(session)
            return session.format.isForPrograms
                ? session.show(screen.json) : session.terminal.write(screen.text(rows: .max, width: nil))
        }
        // Another screen than that of the shell, which comes back at the end.
        session.terminal.write("\u{1B}[?1049h\u{1B}[?25l")
        defer { session.terminal.write("\u{1B}[?25h\u{1B}[?1049l") }
        let pause = every.duration
        do {
            try await Interrupt.cancelling {
                while true {
                    let screen = try await TopScreen(session)
                    let size = Terminal.size()
                    let lines = screen.text(rows: size.rows - 1, width: size.columns).replacing(
                        "\n",
                        with: "\u{1B}[K\r\n"
                    )
                    session.terminal.write("\u{1B}[H" + lines + "\u{1B}[J")
                    try await Task.sleep(for: pause)
                }
            }
        } catch is CancellationError {
        } catch let failure as CommandFailure where failure.exit == .interrupted {
        }
    }
}

/// What `top` shows at one time.
struct TopScreen {
    private let queue: JSONValue
    private let workers: [JSONValue]
    private let pms: [JSONValue]
    private let capacity: [JSONValue]

    /// How many PMs are read: more do not fit on a screen.
    private static let mostPMs = 200

    init(queue: JSONValue, workers: [JSONValue], pms: [JSONValue], capacity: [JSONValue]) {
        (self.queue, self.workers, self.pms, self.capacity) = (queue, workers, pms, capacity)
    }

    init(_ session: Session) async throws(CommandFailure) {
        let server = session.server
        queue = try await server.call(Endpoints.readQueue).value
        workers = try await server.call(Endpoints.listWorkers).value["items"]?.items ?? []
        pms =
            try await server.call(Endpoints.listPMs, query: [("limit", "\(Self.mostPMs)")]).value["items"]?.items ?? []
        capacity = try await server.call(Endpoints.readCapacity).value["types"]?.items ?? []
    }

    var json: JSONValue {
        .object(["queue": queue, "workers": .array(workers), "pms": .array(pms), "capacity": .array(capacity)])
    }

    private static let workerColumns: [Column] = [
        .field("worker", "name"), .made("state", of: "alive") { $0["alive"]?.flag == true ? "alive" : "away" },
        .field("jobs", number: true), .field("doing"),
    ]
    private static let pmColumns: [Column] = PMNoun.columns.filter { !$0.isWide && $0.name != "tags" }

    func text(rows: Int, width: Int?) -> String {
        let alive = workers.count { $0["alive"]?.flag == true }
        var lines = ShowQueue.summary(queue)
        let room = capacity.map { type in
            let lost = type["fits_with_one_pm_lost"].map { ", N+1 \($0.cell)" } ?? ""
            return "type \(type["instance_type"]?.cell ?? ""): \(type["fits_now"]?.cell ?? "0")\(lost)"
        }
        lines.append("workers \(alive)/\(workers.count)  room for \(room.joined(separator: "; "))")
        lines.append("")
        lines += table(workers.map(working), Self.workerColumns, width)
        lines.append("")
        lines += table(pms, Self.pmColumns, width)
        return lines.prefix(rows).map { $0.prefix(width ?? .max).description.printable + "\n" }.joined()
    }

    private func table(_ rows: [JSONValue], _ columns: [Column], _ width: Int?) -> [String] {
        var text = ListText(.table, columns, width: width)
        return (text.add(rows) + text.end()).split(separator: "\n").map(String.init)
    }

    /// A worker with the job that it has had for longest.
    private func working(_ worker: JSONValue) -> JSONValue {
        guard case .object(var members) = worker else { return worker }
        let own = (queue["jobs"]?.items ?? []).filter { $0["worker"]?.cell == worker["name"]?.cell }
        let oldest = own.min { ($0["started_at"]?.cell ?? "") < ($1["started_at"]?.cell ?? "") }
        members["doing"] = oldest.map { job in
            .string("\(job["kind"]?.cell ?? "") vm \(job["vm_id"]?.cell ?? "") \(job["step"]?.cell ?? "")")
        }
        return .object(members)
    }
}
