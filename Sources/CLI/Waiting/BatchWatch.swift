import API

/// Waits for the jobs of a batch.
struct BatchWatch: Sendable {
    let session: Session
    let deadline: ContinuousClock.Instant
    let timeout: Span

    static let columns: [Column] = [
        .field("vm", "vm_id", number: true), .field("state", "vm_state"), .field("pm", "pm_id", number: true),
        .field("job", "job_id", number: true), .field("job_state"),
        .made("error", of: "error") { $0[path: "error.code"]?.cell },
    ]

    /// Shows a batch, once its jobs have ended where that is waited for.
    ///
    /// - Throws: ``CommandFailure`` where not all of them have done as asked, or the wait ended before.
    func follow(_ batch: JSONValue, waits: Bool) async throws {
        guard let id = batch["id"]?.cell else { return session.show(batch) }
        let last = waits ? try await Interrupt.cancelling { try await ended(id) } : batch
        if session.format.isForPrograms {
            session.show(last)
        } else {
            var text = ListText(
                session.format,
                Self.columns,
                nameField: "vm_id",
                width: session.terminal.width,
                hasHeader: session.hasHeader
            )
            session.terminal.write(text.add(last["vms"]?.items ?? []) + text.end())
        }
        guard waits, last["state"]?.string != "done" else { return }
        throw failure(last, id)
    }

    private func ended(_ id: String) async throws -> JSONValue {
        var progress = Progress(session)
        defer { progress.clear() }
        progress.add("  queued     batch \(id)")
        while true {
            let left = deadline - .now
            guard left > .zero else {
                throw CommandFailure(
                    .waitOver,
                    code: "wait_over",
                    "the batch \(id) still has jobs that go on after \(timeout)",
                    next: ["hvctl batch get \(id)", "hvctl batch cancel \(id)"]
                )
            }
            let wait = min(session.terminal.hasMessages ? 1 : 30, max(1, Int(left.components.seconds)))
            let batch: JSONValue
            do throws(CommandFailure) {
                let query: Server.Query = [("wait", "\(wait)")]
                batch = try await session.server.call(
                    Endpoints.readBatch,
                    [id],
                    query: query,
                    within: .seconds(wait + 20)
                ).value
            } catch {
                guard error.exit == .interrupted else { throw error }
                throw CommandFailure(
                    .interrupted,
                    code: "interrupted",
                    "stopped waiting; the batch \(id) goes on",
                    next: ["hvctl batch get \(id)", "hvctl batch cancel \(id)"]
                )
            }
            guard batch["state"]?.string == "open" else { return batch }
            let members = batch["vms"]?.items ?? []
            let done = members.count { $0["job_state"]?.string == "done" }
            progress.show("  \(done) of \(members.count) done")
        }
    }

    private func failure(_ batch: JSONValue, _ id: String) -> CommandFailure {
        let members = batch["vms"]?.items ?? []
        let failed = members.filter { $0["error"] != nil }
        let first = failed.first
        let code = first?[path: "error.code"]?.string ?? "failed"
        return CommandFailure(
            ExitStatus(code: code, status: FailureStatus.of(code)),
            code: code,
            "\(failed.count) of \(members.count) VMs of batch \(id) have failed",
            job: first?["job_id"]?.cell,
            why: [first?[path: "error.detail"]?.string].compactMap(\.self),
            next: ["hvctl batch get \(id)"] + (first?["job_id"].map { ["hvctl explain \($0.cell)"] } ?? [])
        )
    }
}
