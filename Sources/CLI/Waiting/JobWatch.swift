import API

/// Waits for a job, and says what it does.
struct JobWatch: Sendable {
    let session: Session
    let job: String
    let deadline: ContinuousClock.Instant
    let timeout: Span

    /// For how long a gateway may be away that was there before.
    private static let longestOutage: Duration = .seconds(5)

    /// Waits until the job has ended.
    ///
    /// - Returns: the job that has done as asked.
    /// - Throws: ``CommandFailure`` where it has failed, the wait is over, or somebody ended it.
    func end() async throws -> JSONValue {
        try await Interrupt.cancelling { try await ended() }
    }

    private func ended() async throws -> JSONValue {
        var lines = StepLines()
        var progress = Progress(session)
        var last: JSONValue = .null
        let begin = ContinuousClock.now
        while true {
            let left = deadline - .now
            guard left > .zero else {
                progress.clear()
                throw over(last)
            }
            // One second at first, so that steps are shown soon; those who wait long ask less often.
            let wait = min(.now - begin < .seconds(10) ? 1 : 2, max(1, Int(left.components.seconds)))
            do throws(CommandFailure) { last = try await read(wait: wait) } catch {
                progress.clear()
                throw error.exit == .interrupted ? stopped(last) : error
            }
            for var line in lines.lines(of: last) {
                if line.name == StepLines.placed { line.text += await reason() }
                progress.add(line.description)
            }
            switch last["state"]?.string {
            case "done":
                progress.clear()
                return last
            case "failed", "dead":
                progress.clear()
                throw await failure(last)
            default:
                let time = Timestamp.text(of: Double((ContinuousClock.now - begin).components.seconds))
                progress.show("  \(StepLines.present(last))  \(time)")
            }
        }
    }

    /// Reads the job; a gateway that is started again meanwhile is waited for.
    private func read(wait: Int) async throws(CommandFailure) -> JSONValue {
        let begin = ContinuousClock.now
        while true {
            do throws(CommandFailure) {
                let query: Server.Query = [("wait", "\(wait)")]
                return try await session.server.call(
                    Endpoints.readJob,
                    [job],
                    query: query,
                    within: .seconds(wait + 20)
                ).value
            } catch {
                guard error.exit == .unreachable else { throw error }
                guard ContinuousClock.now - begin < Self.longestOutage, !Task.isCancelled else { throw lost(error) }
                // A cancelled sleep ends the next call.
                try? await Task.sleep(for: .milliseconds(300))
            }
        }
    }

    /// Why the job is where it is: ` chosen by spread of 41 that fit`.
    private func reason() async -> String {
        let answer = try? await session.server.call(Endpoints.explainJob, [job])
        guard let explanation = answer?.value["explanation"], let policy = explanation["policy"]?.cell else {
            return ""
        }
        let fit = explanation["fit"]?.integer.map { ", \($0) fit" } ?? ""
        return ": policy \(policy)\(fit) (hvctl explain \(job))"
    }

    // MARK: Ends

    private func failure(_ ended: JSONValue) async -> CommandFailure {
        var failure = CommandFailure(
            jobError: ended["error"] ?? .null,
            job: job,
            state: ended["state"]?.cell ?? "failed"
        )
        if RefusedPlace.isSuch(failure.code), let answer = try? await session.server.call(Endpoints.explainJob, [job]) {
            failure.why = RefusedPlace.lines(answer.value["explanation"] ?? .null)
        }
        if ended["state"]?.string == "dead" {
            failure.next = ["hvctl explain \(job)", "hvctl job retry \(job)", "hvctl job drop \(job)"]
        }
        return failure
    }

    private func stopped(_ last: JSONValue) -> CommandFailure {
        let present = last == .null ? "" : " (\(StepLines.present(last)))"
        return CommandFailure(
            .interrupted,
            code: "interrupted",
            "stopped waiting; job \(job) goes on\(present)",
            job: job,
            next: ["hvctl job wait \(job)", "hvctl job cancel \(job)"]
        )
    }

    private func over(_ last: JSONValue) -> CommandFailure {
        let state = last["state"]?.cell ?? "not known"
        return CommandFailure(
            .waitOver,
            code: "wait_over",
            "still \(state) after \(timeout): \(StepLines.present(last)). The job goes on.",
            job: job,
            next: ["hvctl job wait \(job)", "hvctl explain \(job)"]
        )
    }

    private func lost(_ cause: CommandFailure) -> CommandFailure {
        var failure = cause
        failure.job = job
        failure.why = ["the job was accepted; whether it goes on is not known"]
        failure.next = ["hvctl job wait \(job)", "hvctl doctor"]
        return failure
    }
}
