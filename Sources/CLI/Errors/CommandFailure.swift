import API

/// Why a command did not do what was asked: what happened, why, and which command comes next.
struct CommandFailure: Error {
    var exit: ExitStatus
    /// The code of a failure; empty for what people need no code for.
    var code: String
    var what: String
    var job: String?
    /// Lines that say why.
    var why: [String] = []
    /// Commands to go on with.
    var next: [String] = []
    /// The problem document, where the gateway sent one.
    var problem: JSONValue?

    init(
        _ exit: ExitStatus,
        code: String = "",
        _ what: String,
        job: String? = nil,
        why: [String] = [],
        next: [String] = [],
        problem: JSONValue? = nil
    ) {
        (self.exit, self.code, self.what, self.job) = (exit, code, what, job)
        (self.why, self.next, self.problem) = (why, next, problem)
    }

    /// A command line that cannot be meant.
    static func usage(_ what: String, next: [String] = []) -> Self { Self(.usage, code: "usage", what, next: next) }

    /// For people: a line that says what happened, lines that say why, a line of commands.
    var text: String {
        // Nothing went wrong where a wait is over, or people ended it.
        let isFault = exit != .waitOver && exit != .interrupted
        let facts = [code == "usage" ? "" : code, job.map { "job \($0)" } ?? ""].filter { !$0.isEmpty }
        var text = (isFault ? "error: " : "") + what.printable
        if isFault, !facts.isEmpty {
            text += String(repeating: " ", count: 4) + facts.joined(separator: ", ")
        }
        for line in why { text += "\n  " + line.printable }
        if !next.isEmpty {
            text += "\n  next: " + next.map(\.printable).joined(separator: String(repeating: " ", count: 6))
        }
        return text
    }

    /// For programs: the same as an object.
    var json: JSONValue {
        var error: [String: JSONValue] = [
            "detail": .string(what), "exit": .integer(Int(exit.rawValue)), "why": .array(why.map { .string($0) }),
            "next": .array(next.map { .string($0) }),
        ]
        if !code.isEmpty { error["code"] = .string(code) }
        if let job { error["job_id"] = Int(job).map { .integer($0) } ?? .string(job) }
        if let problem { error["problem"] = problem }
        return .object(["error": .object(error)])
    }
}
