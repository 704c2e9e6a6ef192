import Model
import Store

/// What a job is known by while callers wait for it.
enum JobKey: Hashable, Sendable {
    /// One that was asked for: no other has its nonce, also where a Redis that lost its data or was restored uses the number
    /// again.
    case nonce(JobNonce)
    /// One that workers have made themselves.
    case number(JobID)

    init(_ job: JobID, _ nonce: JobNonce?) { self = nonce.map { .nonce($0) } ?? .number(job) }
}
