package import Model
import RedisClient

extension Store {
    /// Cancels a job: one that has begun nothing on a PM ends at once, another one when a worker has undone its steps.
    ///
    /// - Throws: `Failure` with `unknownJob`, or `wrongState` where the job has ended or cannot be undone.
    package func cancel(_ job: JobID) async throws(Failure) {
        try await (run(.cancelJob, ["job": job.value, "retention": jobRetention.argument]) as JobChange).check(job)
    }

    /// Puts a job that was given up back to its place in the queue.
    ///
    /// - Throws: `Failure` with `unknownJob`, `unknownVM`, or `wrongState`.
    package func retry(_ job: JobID) async throws(Failure) {
        try await (run(.retryJob, ["job": job.value]) as JobChange).check(job)
    }

    /// Takes a job that was given up out of the dead-letter list.
    ///
    /// - Throws: `Failure` with `unknownJob`, or `wrongState` where it was not given up.
    package func drop(_ job: JobID) async throws(Failure) {
        try await (run(.dropJob, ["job": job.value, "retention": jobRetention.argument]) as JobChange).check(job)
    }
}

/// What the scripts answer that change a job for people.
private enum JobChange: ScriptReply {
    case done
    case unknownJob
    case unknownVM
    /// Why the job cannot be changed so.
    case refused(String)

    init?(_ reply: RESPValue, keys: Keys) {
        guard let words = reply.strings else { return nil }
        switch (words.first, words.count) {
        case ("ok", 1), ("cancelled", 1), ("requested", 1): self = .done
        case ("unknown_job", 1): self = .unknownJob
        case ("unknown_vm", 1): self = .unknownVM
        case ("ended", 2): self = .refused("has ended: it is \(words[1])")
        case ("not_dead", 2):
            self = .refused("is \(words[1]), and only one that was given up can be retried or dropped")
        case ("not_undoable", 2):
            self = .refused("has begun, and what a \(words[1]) does cannot be undone: wait for its end")
        case ("under_way", 2): self = .refused("must wait for job \(words[1]), which is under way for the same VM")
        case ("wrong_state", 2): self = .refused("cannot begin: its VM is \(words[1])")
        default: return nil
        }
    }

    func check(_ job: JobID) throws(Failure) {
        switch self {
        case .done: return
        case .unknownJob: throw .unknownJob(job)
        case .unknownVM: throw Failure(.unknownVM, "the VM of job \(job) is no more: ask for another one")
        case .refused(let why): throw Failure(.wrongState, "job \(job) \(why)")
        }
    }
}

extension Failure {
    /// There is no such job.
    package static func unknownJob(_ id: JobID) -> Failure {
        Failure(
            .unknownJob,
            "there is no job \(id), or it ended so long ago that its record is gone (HVC_JOB_HISTORY)"
        )
    }
}
