import Bootstrap
import Model

/// The places in a job at which tests kill the worker: before and after each act that another worker may find half done.
extension CrashPoint {
    /// The job was claimed, and nothing was done yet.
    static let claimed = CrashPoint("job.claimed")
    /// The acts on the PM are over, and the outcome is not written.
    static let acted = CrashPoint("job.acted")
    /// The outcome is written.
    static let concluded = CrashPoint("job.concluded")
    /// What a failed create made was taken away.
    static let undone = CrashPoint("create.undone")

    /// The step is in the journal, and nothing was done for it.
    ///
    /// - Parameter step: the step.
    /// - Returns: the point, as `step.disk.entered`.
    static func entered(_ step: JobStep) -> CrashPoint { CrashPoint("step.\(step.rawValue).entered") }

    /// The step's act on the PM is done.
    ///
    /// - Parameter step: the step.
    /// - Returns: the point, as `step.disk.made`.
    static func made(_ step: JobStep) -> CrashPoint { CrashPoint("step.\(step.rawValue).made") }
}
