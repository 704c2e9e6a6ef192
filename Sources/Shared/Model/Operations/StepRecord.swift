/// One step of a job on a PM, as the step log keeps it.
package struct StepRecord: Hashable, Sendable {
    /// What the operation calls it.
    package let name: String
    /// The PM on which it was done.
    package let pm: PMID
    /// The epoch of the job under which it began.
    package var epoch: Int
    /// When it began, by the clock of Redis.
    package var startedAt: String
    /// When it ended as asked; nil where it has not.
    package var endedAt: String?
    /// What there is to say about it: what it left, or why it failed.
    package var detail: String?
    /// When what it made was taken away again; nil where that was not done.
    package var undoneAt: String?
    /// The traceparent of the request that made the job; nil where it had none.
    package let traceparent: String?

    /// A step that begins.
    ///
    /// - Parameters:
    ///   - name: what the operation calls it.
    ///   - pm: the PM on which it is done.
    ///   - epoch: the epoch of the job.
    ///   - startedAt: when it began.
    ///   - traceparent: that of the request that made the job.
    package init(name: String, pm: PMID, epoch: Int, startedAt: String, traceparent: String? = nil) {
        self.name = name
        self.pm = pm
        self.epoch = epoch
        self.startedAt = startedAt
        self.traceparent = traceparent
    }
}

extension StepRecord: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, pm, epoch, detail, traceparent
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case undoneAt = "undone_at"
    }
}

/// A line of the step log that a script is to write, but for the time, which only the script knows.
package struct StepWrite: Hashable, Sendable {
    /// The line's number in the log.
    package let number: Int
    /// The record as it is to be; the time that `stamp` names is not in it yet.
    package let record: StepRecord
    /// Which time is that of the write; nil for none.
    package let stamp: Stamp?

    package init(number: Int, record: StepRecord, stamp: Stamp?) {
        self.number = number
        self.record = record
        self.stamp = stamp
    }

    /// The times of a step.
    package enum Stamp: String, Hashable, Sendable {
        /// When it began.
        case started = "started_at"
        /// When it ended.
        case ended = "ended_at"
        /// When it was undone.
        case undone = "undone_at"
    }

    /// The line as JSON without its last brace, so that the script can add the time.
    package var openText: String {
        var text = "{\"name\":\(JSONText.quoted(record.name)),\"pm\":\(record.pm),\"epoch\":\(record.epoch)"
        func add(_ stamp: Stamp, _ time: String?) {
            if let time, self.stamp != stamp { text += ",\"\(stamp.rawValue)\":\(JSONText.quoted(time))" }
        }
        add(.started, record.startedAt)
        add(.ended, record.endedAt)
        if let detail = record.detail { text += ",\"detail\":\(JSONText.quoted(detail))" }
        add(.undone, record.undoneAt)
        if let trace = record.traceparent { text += ",\"traceparent\":\(JSONText.quoted(trace))" }
        return text
    }

    /// The record as it stands in the log once it is written.
    ///
    /// - Parameter time: when it was written.
    /// - Returns: the record.
    func written(at time: String) -> StepRecord {
        var record = record
        switch stamp {
        case .started: record.startedAt = time
        case .ended: record.endedAt = time
        case .undone: record.undoneAt = time
        case nil: break
        }
        return record
    }
}
