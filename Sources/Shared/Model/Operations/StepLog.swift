/// What a job has done on its PM, in this run or an earlier one: what is left to do, and what must be undone.
///
/// It changes nothing by itself: it says what is to be written, and takes in what was written.
package struct StepLog: Hashable, Sendable {
    /// The records by their number, from 1.
    package private(set) var records: [Int: StepRecord]
    private let pm: PMID
    private let epoch: Int
    private let trace: String?

    /// The most records that are kept; older ones go.
    ///
    /// A job that is tried on many PMs has a few on each.
    package static let limit = 64
    /// The longest detail that is kept, in bytes.
    package static let detailLimit = 1024

    /// A log.
    ///
    /// - Parameters:
    ///   - records: what was written so far.
    ///   - pm: the PM on which the job runs now.
    ///   - epoch: the epoch of the job.
    ///   - trace: the traceparent of the request that made the job; nil where it had none.
    package init(_ records: [Int: StepRecord], on pm: PMID, epoch: Int, trace: String? = nil) {
        self.records = records
        self.pm = pm
        self.epoch = epoch
        self.trace = trace
    }

    /// The steps that are left: from the first on that has no end.
    ///
    /// - Parameter operation: the operation.
    /// - Returns: the steps, in their order.
    package func remaining(of operation: Operation) -> ArraySlice<OperationStep> {
        operation.steps.drop { last($0)?.record.endedAt != nil }
    }

    /// Sees whether nothing of the VM's own can be on the PM.
    ///
    /// - Parameter operation: the operation.
    /// - Returns: true where that is certain.
    package func isClean(of operation: Operation) -> Bool {
        operation.steps.allSatisfy { $0.leaves == .nothing || last($0) == nil }
    }

    /// Whether a step was begun on this PM before, also where it was undone since.
    ///
    /// - Parameter step: the step.
    /// - Returns: true where it was.
    package func hasBegun(_ step: OperationStep) -> Bool {
        records.values.contains { $0.name == step.name && $0.pm == pm }
    }

    /// What is written when a step begins.
    ///
    /// One that was begun before and has not ended is begun again in its old place, so that a job that is tried for weeks
    /// has a short log.
    ///
    /// - Parameter step: the step.
    /// - Returns: the line to write.
    package func begin(_ step: OperationStep) -> StepWrite {
        let number = last(step).flatMap { $0.record.endedAt == nil ? $0.number : nil } ?? (records.keys.max() ?? 0) + 1
        return StepWrite(
            number: number,
            record: StepRecord(name: step.name, pm: pm, epoch: epoch, startedAt: "", traceparent: trace),
            stamp: .started
        )
    }

    /// What is written when a step has ended.
    ///
    /// - Parameters:
    ///   - step: the step.
    ///   - detail: what there is to say about it; nil for nothing.
    /// - Returns: the line to write; nil where it was never begun.
    package func end(_ step: OperationStep, detail: String?) -> StepWrite? {
        guard let (number, record) = last(step) else { return nil }
        return StepWrite(number: number, record: record.with(detail: detail), stamp: .ended)
    }

    /// What is written when a step has failed.
    ///
    /// - Parameters:
    ///   - step: the step.
    ///   - failure: why.
    /// - Returns: the line to write; nil where it was never begun.
    package func fail(_ step: OperationStep, because failure: Failure) -> StepWrite? {
        guard let (number, record) = last(step) else { return nil }
        return StepWrite(number: number, record: record.with(detail: "\(failure)"), stamp: nil)
    }

    /// The undo actions for what was begun on the PM, the last step's first; one action for all neighbours that share it.
    ///
    /// - Parameter operation: the operation.
    /// - Returns: each action with the steps that it undoes.
    package func undoing(of operation: Operation) -> [(action: StepAction, steps: [OperationStep])] {
        var found: [(action: StepAction, steps: [OperationStep])] = []
        for step in operation.steps.reversed() where last(step) != nil {
            guard let undo = step.undo else { continue }
            if let previous = found.last, previous.action == undo {
                found[found.count - 1].steps.append(step)
            } else {
                found.append((undo, [step]))
            }
        }
        return found
    }

    /// What is written when steps begin to be undone: none of them counts as ended from then on.
    ///
    /// - Parameter steps: the steps.
    /// - Returns: the lines to write.
    package func beginUndo(of steps: [OperationStep]) -> [StepWrite] {
        writes(of: steps, stamp: nil) { $0.endedAt = nil }
    }

    /// What is written when steps were undone.
    ///
    /// - Parameter steps: the steps.
    /// - Returns: the lines to write.
    package func endUndo(of steps: [OperationStep]) -> [StepWrite] {
        writes(of: steps, stamp: .undone) { _ in }
    }

    /// Takes in what was written.
    ///
    /// - Parameters:
    ///   - writes: the lines.
    ///   - time: when.
    package mutating func take(_ writes: [StepWrite], at time: String) {
        for write in writes { records[write.number] = write.written(at: time) }
    }

    /// The last record of a step on this PM that was not undone.
    private func last(_ step: OperationStep) -> (number: Int, record: StepRecord)? {
        let own = records.filter { $0.value.name == step.name && $0.value.pm == pm }
        guard let (number, record) = own.max(by: { $0.key < $1.key }), record.undoneAt == nil else { return nil }
        return (number, record)
    }

    private func writes(
        of steps: [OperationStep],
        stamp: StepWrite.Stamp?,
        _ change: (inout StepRecord) -> Void
    ) -> [StepWrite] {
        steps.compactMap { step in
            guard let (number, last) = last(step) else { return nil }
            var record = last
            change(&record)
            return StepWrite(number: number, record: record, stamp: stamp)
        }
    }
}

extension StepRecord {
    /// The same with a detail, as much of it as is kept.
    fileprivate func with(detail: String?) -> StepRecord {
        var copy = self
        copy.detail = detail.map { String(decoding: $0.utf8.prefix(StepLog.detailLimit), as: UTF8.self) }
        return copy
    }
}
