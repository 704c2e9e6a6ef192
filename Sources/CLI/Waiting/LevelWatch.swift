import API

/// Waits until a VM has come so far.
struct LevelWatch: Sendable {
    let session: Session
    /// The number or name by which it is asked for.
    let vm: String
    /// How people call it; nil for the same.
    var name: String?
    let level: VMLevel
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
            // In pieces on a terminal, so that the line that is written over goes on.
            let wait = min(session.terminal.hasMessages ? 1 : 30, max(1, Int(left.components.seconds)))
            let answer: JSONValue
            do throws(CommandFailure) {
                answer = try await session.server.call(
                    Endpoints.readVM,
                    [vm],
                    query: [("wait_for", level.rawValue), ("wait", "\(wait)")],
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
            next: ["hvctl wait \(title) --wait \(level.rawValue)", "hvctl log \(title) --follow"]
        )
    }

    private var stopped: CommandFailure {
        CommandFailure(
            .interrupted,
            code: "interrupted",
            "stopped waiting for \(title)",
            next: ["hvctl wait \(title) --wait \(level.rawValue)"]
        )
    }
}
