import Bootstrap
import Model

/// The places in a job at which tests kill the worker: before and after each action that another worker may find half done.
extension CrashPoint {
    /// A page of a migration of the records is done.
    static let migratedPage = CrashPoint("migration.page")
    /// The job was claimed, and nothing was done yet.
    static let claimed = CrashPoint("job.claimed")
    /// The actions on the PM are over, and the outcome is not written.
    static let acted = CrashPoint("job.acted")
    /// The outcome is written.
    static let concluded = CrashPoint("job.concluded")

    /// A message was sent to a webhook, and what became of it is not recorded.
    static let webhookSent = CrashPoint("webhook.sent")

    /// The step is in the step log, and nothing was done for it.
    ///
    /// - Parameter step: the step.
    /// - Returns: the point, as `step.disk.entered`.
    static func entered(_ step: OperationStep) -> CrashPoint { CrashPoint("step.\(step.name).entered") }

    /// The step's action on the PM is done.
    ///
    /// - Parameter step: the step.
    /// - Returns: the point, as `step.disk.made`.
    static func made(_ step: OperationStep) -> CrashPoint { CrashPoint("step.\(step.name).made") }

    /// The step log says that steps are being undone, and nothing was done for that.
    ///
    /// - Parameter action: the action that undoes them.
    /// - Returns: the point, as `undo.remove.entered`.
    static func undoEntered(_ action: StepAction) -> CrashPoint { CrashPoint("undo.\(action.rawValue).entered") }

    /// The action that undoes steps is done.
    ///
    /// - Parameter action: the action.
    /// - Returns: the point, as `undo.remove.made`.
    static func undone(_ action: StepAction) -> CrashPoint { CrashPoint("undo.\(action.rawValue).made") }

    /// The points that a job passes that ends as asked.
    ///
    /// - Parameter operation: the job's operation.
    /// - Returns: the points in their order.
    static func all(of operation: Operation) -> [CrashPoint] {
        [.claimed] + operation.steps.flatMap { [.entered($0), .made($0)] } + [.acted, .concluded]
    }

    /// The points that a job passes where its last step fails.
    ///
    /// - Parameter operation: the job's operation.
    /// - Returns: the points in their order.
    static func undos(of operation: Operation) -> [CrashPoint] {
        var actions: [StepAction] = []
        for undo in operation.steps.reversed().compactMap(\.undo) where actions.last != undo { actions.append(undo) }
        return actions.flatMap { [.undoEntered($0), .undone($0)] }
    }
}
