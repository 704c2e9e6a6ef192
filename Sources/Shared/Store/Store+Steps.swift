import Foundation
package import Model
import RedisClient

extension Store {
    /// Says that a step begins: the fence before each action on a PM.
    ///
    /// - Parameters:
    ///   - step: the step.
    ///   - lease: the job and the epoch under which it is held.
    ///   - duration: how long the lease is to last from now; nil where it lasts long enough as it is.
    /// - Returns: whether the worker may go on.
    /// - Throws: `Failure`.
    package func beginStep(
        _ step: StepBegin,
        of lease: Lease,
        for duration: Duration?
    ) async throws(Failure) -> StepPermit {
        try await run(
            .beginStep,
            lease.arguments + [
                "lease_ms": duration.milliseconds,
                "step": step.name ?? "",
                "is_progress": step.isProgress ? 1 : 0,
            ],
            more: step.writes.arguments
        )
    }

    /// The step log of a job, by the numbers of its lines (HGETALL).
    ///
    /// - Parameter job: the job.
    /// - Returns: the lines; none where the job has taken no step, or has no record any more.
    /// - Throws: `Failure`, with `malformedRecord` where a line is none.
    package func steps(of job: JobID) async throws(Failure) -> [Int: StepRecord] {
        let key = keys.steps(of: job)
        return try [Int: StepRecord](lines: try await send(["HGETALL", key]).map ?? [:], key: key)
    }
}

extension [Int: StepRecord] {
    /// Reads the lines of a step log.
    init(lines: [String: String], key: String) throws(Failure) {
        let decoder = JSONDecoder()
        self = [:]
        for (field, line) in lines {
            guard let number = Int(field), let record = try? decoder.decode(StepRecord.self, from: Data(line.utf8))
            else { throw .malformedRecord("\(key) has a line \(field) that is no step") }
            self[number] = record
        }
    }
}

extension StepPermit: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let words = reply.strings else { return nil }
        switch (words.first, words.count) {
        case ("go", 2): self = .go(at: words[1])
        case ("closed", 1): self = .closed
        case ("cancelled", 1): self = .cancelled
        case ("lost", 1): self = .lost
        default: return nil
        }
    }
}

extension [StepWrite] {
    /// Number, line without its last brace, and the name of the time to add, for each.
    var arguments: [any RedisArgumentConvertible] {
        flatMap { [$0.number, $0.openText, $0.stamp?.rawValue ?? ""] as [any RedisArgumentConvertible] }
    }
}
