import API

/// Waits until a VM has come so far.
struct LevelWatch: Sendable {
    let session: Session
    let vm: String
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

    private func impossible(_ answer: JSONValue) -> CommandFailure {
        let state = answer["state"]?.cell ?? "not known"
        let reason = answer["state_reason"]?.string ?? answer["addresses_reason"]?.string
        return CommandFailure(
            .conflict,
            code: "wrong_state",
            "\(vm) cannot come as far as \(level.rawValue): it is \(state)" + (reason.map { " (\($0))" } ?? ""),
            job: answer["job_id"]?.cell,
            next: ["hvctl get \(vm)"] + (answer["job_id"].map { ["hvctl explain \($0.cell)"] } ?? [])
        )
    }

    private var over: CommandFailure {
        CommandFailure(
            .waitOver,
            code: "wait_over",
            "\(vm) has not come as far as \(level.rawValue) after \(timeout). It stays as it is.",
            next: ["hvctl wait \(vm) --wait \(level.rawValue)", "hvctl get \(vm)"]
        )
    }

    private var stopped: CommandFailure {
        CommandFailure(
            .interrupted,
            code: "interrupted",
            "stopped waiting for \(vm)",
            next: ["hvctl wait \(vm) --wait \(level.rawValue)"]
        )
    }
}
