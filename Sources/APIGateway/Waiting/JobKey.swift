import Model
import Store

/// What a job is known by while callers wait for it.
enum JobKey: Hashable, Sendable {
    /// One that was asked for: no other of its number has its nonce, also where a Redis that lost its data or was restored
    /// uses the number again. The jobs of a batch have one nonce.
    case asked(JobID, JobNonce)
    /// One that workers have made themselves.
    case number(JobID)

    init(_ job: JobID, _ nonce: JobNonce?) { self = nonce.map { .asked(job, $0) } ?? .number(job) }
}
