import API

/// Waits until a VM has come so far.
struct LevelWatch: Sendable {
    let session: Session
    /// The number or name by which it is asked for.
    let vm: String
    /// How people call it; nil for the same.
    var name: String?
    let level: VMLevel
    /// What the guest is to write where it is waited for its console.
    var match: String?
    let deadline: ContinuousClock.Instant
    let timeout: Span

    /// - Returns: the VM, or that it is gone where that was waited for.
    /// - Throws: ``CommandFailure`` where it cannot come so far, the wait is over, or somebody ended it.
    func reached() async throws -> JSONValue {
        try await Interrupt.cancelling { try await untilReached() }
    }

    private func untilReached() async throws -> JSONValue {
        var progress = Progress(session)
        let begin = ContinuousClock.now
        while true {
            let left = deadline - .now
            guard left > .zero else {
                progress.clear()
                throw over
            }
            // In pieces on a terminal, so that the line that is written over goes on. Each reads a console from its start.
            let isShort = session.terminal.hasMessages && level != .console
            let wait = min(isShort ? 1 : 30, max(1, Int(left.components.seconds)))
            let answer: JSONValue
            do throws(CommandFailure) {
                answer = try await session.server.call(
                    Endpoints.readVM,
                    [vm],
                    query: [("wait_for", level.rawValue), ("console_match", match), ("wait", "\(wait)")],
                    within: .seconds(wait + 20)
                ).value
            } catch {
                progress.clear()
                throw error.exit == .interrupted ? stopped : error
            }
            let result = answer[path: "wait.result"]?.string ?? "reached"
            if result == "timeout" {
                let time = Timestamp.text(of: Double((ContinuousClock.now - begin).components.seconds))
                progress.show("  \(level.rawValue)  \(time)")
                continue
            }
            progress.clear()
            guard result == "reached" else { throw impossible(answer) }
            return answer
        }
    }

    private var title: String { name ?? vm }

    /// The command that waits on.
    private var again: String {
        let text = match.map { " --match '\($0.replacing("'", with: #"'\''"#))'" } ?? ""
        return "hvctl wait \(title) --wait \(level.rawValue)\(text)"
    }

    private func impossible(_ answer: JSONValue) -> CommandFailure {
        let state = answer["state"]?.cell ?? "not known"
        let told = ["wait.reason", "state_reason", "addresses_reason"].lazy.compactMap { answer[path: $0]?.string }
        let reason = told.first
        return CommandFailure(
            .conflict,
            code: "wrong_state",
            "\(title) cannot come as far as \(level.rawValue): it is \(state)" + (reason.map { " (\($0))" } ?? ""),
            job: answer["job_id"]?.cell,
            next: ["hvctl get \(title)"] + (answer["job_id"].map { ["hvctl explain \($0.cell)"] } ?? [])
        )
    }

    private var over: CommandFailure {
        CommandFailure(
            .waitOver,
            code: "wait_over",
            "\(title) has not come as far as \(level.rawValue) after \(timeout). The VM stays as it is.",
            next: [again, "hvctl log \(title) --follow"]
        )
    }

    private var stopped: CommandFailure {
        CommandFailure(
            .interrupted,
            code: "interrupted",
            "stopped waiting for \(title)",
            next: [again]
        )
    }
}
