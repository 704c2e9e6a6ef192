import Model

extension PlannedStep: CustomStringConvertible {
    /// For the trace.
    var description: String {
        let what = line.entry.map { "\($0.kind) \($0.job)" } ?? "junk"
        switch action {
        case .place(let pm): return "\(what) on PM \(pm)"
        case .run: return what
        case .refuse(let code): return "\(what) refused (\(code.rawValue))"
        case .bury: return "\(what) buried"
        }
    }
}

extension ClaimAnswer: CustomStringConvertible {
    /// For the trace.
    var description: String {
        let results = results.map { result in
            switch result {
            case .started(let epoch, let pm): "started, epoch \(epoch), PM \(pm?.description ?? "-")"
            case .waiting: "waits"
            case .ended: "ended"
            case .buried: "buried"
            }
        }
        return "\(stop.rawValue) [\(results.joined(separator: "; "))]"
    }
}

extension StepAnswer: CustomStringConvertible {
    /// For the trace.
    var description: String {
        switch self {
        case .go(let before): before.map { "go, came to \($0) before" } ?? "go"
        case .closed: "closed"
        case .lost: "lost"
        }
    }
}

extension SweepAnswer: CustomStringConvertible {
    /// For the trace.
    var description: String {
        let parts = [("took back", recovered), ("took up", due), ("gave up", givenUp)].filter { !$0.1.isEmpty }
        return parts.isEmpty ? "nothing" : parts.map { "\($0) \($1)" }.joined(separator: ", ")
    }

    /// True where there was nothing to do.
    var isEmpty: Bool { recovered.isEmpty && due.isEmpty && givenUp.isEmpty }
}

extension EnqueueAnswer: CustomStringConvertible {
    /// For the trace.
    var description: String {
        switch self {
        case .accepted(let job, let vm): "job \(job), VM \(vm)"
        case .unknownType: "unknown type"
        case .unknownVM: "unknown VM"
        case .alreadyDestroying(let job): "job \(job) does that already"
        }
    }
}

/// What a script answered, for the trace.
func brief<Answer>(_ answer: Answer?) -> String { answer.map { "\($0)" } ?? "no answer" }
