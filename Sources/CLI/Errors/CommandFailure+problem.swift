import API
import Client

extension CommandFailure {
    /// What a call failed with that has no problem document.
    init(_ error: ClientError, server: String) {
        switch error {
        case .unreachable(let reason):
            self.init(.unreachable, code: "unreachable", reason, next: ["hvctl doctor"])
        case .badAddress:
            self.init(.usage, code: "usage", error.description, next: ["hvctl server list"])
        case .badAuthorities:
            self.init(.usage, code: "usage", error.description, next: ["hvctl server list"])
        case .timedOut:
            self.init(.unreachable, code: "no_answer", "\(server) gave no answer in time", next: ["hvctl doctor"])
        case .cancelled: self.init(.interrupted, "stopped")
        case .malformed(let what):
            self.init(
                .failed,
                code: "malformed_answer",
                "what \(server) answers cannot be read: \(what)",
                why: ["is it the gateway of a control plane?"],
                next: ["hvctl doctor"]
            )
        case .gone, .problem, .failed:
            self.init(.failed, code: "failed", error.description)
        }
    }

    /// What a problem document says (RFC 9457).
    init(problem: JSONValue, status: Int) {
        let code = problem["code"]?.string ?? "failed"
        self.init(
            ExitStatus(code: code, status: status),
            code: code,
            problem["detail"]?.string ?? problem["title"]?.string ?? "the gateway answers with status \(status)",
            job: problem["job_id"]?.cell,
            problem: problem
        )
        why = Self.reasons(in: problem)
        next = NextCommands.after(code) ?? [problem["fix"]?.string].compactMap(\.self)
    }

    /// What the error of a job says; `status` is not part of it.
    init(jobError error: JSONValue, job: String, state: String) {
        let code = error["code"]?.string ?? "failed"
        let status = FailureStatus.of(code)
        self.init(
            ExitStatus(code: code, status: status),
            code: code,
            error["detail"]?.string ?? "job \(job) has \(state)",
            job: job,
            problem: error
        )
        why = [error["cause"]?.string].compactMap(\.self)
        next =
            NextCommands.after(code, job: job) ?? ["hvctl explain \(job)"] + [error["fix"]?.string].compactMap(\.self)
    }

    private static func reasons(in problem: JSONValue) -> [String] {
        var reasons: [String] = []
        if let cause = problem["cause"]?.string { reasons.append(cause) }
        for fault in problem["errors"]?.items ?? [] {
            guard let pointer = fault["pointer"]?.string, !pointer.isEmpty else { continue }
            let detail = fault["detail"]?.string ?? ""
            let isSaid = detail == problem["detail"]?.string
            reasons.append("at \(pointer)" + (isSaid ? "" : ": \(detail)"))
        }
        if let quota = problem["quota"] {
            let used = quota["used"]?.cell ?? "?"
            let limit = quota["limit"]?.cell ?? "?"
            let asked = quota["asked"]?.cell ?? "?"
            reasons.append(
                "\(quota["resource"]?.cell ?? "quota"): \(used) of \(limit) are used, \(asked) more were asked for"
            )
        }
        return reasons
    }
}
