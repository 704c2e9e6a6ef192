import API

/// What there is new to say about a job each time that it is read.
struct StepLines {
    struct Line: Hashable {
        let name: String
        /// Since the job was accepted.
        let seconds: Double?
        var text: String

        /// `  disk       0.4 s  overlay on debian-12`.
        var description: String {
            let time = seconds.map(Timestamp.text) ?? ""
            let blanks = String(repeating: " ", count: max(0, 7 - time.count))
            let named = name + String(repeating: " ", count: max(0, 9 - name.count))
            return ("  \(named) \(blanks)\(time)" + (text.isEmpty ? "" : "  \(text)")).printable
        }
    }

    /// The line that says on which PM the job is.
    static let placed = "placed"

    private var isQueuedShown = false
    private var pm: String?
    private var shown = 0

    /// The lines about what has happened since the job was read last.
    mutating func lines(of job: JSONValue) -> [Line] {
        var lines: [Line] = []
        let start = Timestamp(job["accepted_at"])
        func seconds(_ time: JSONValue?) -> Double? {
            guard let start, let time = Timestamp(time) else { return nil }
            return time.seconds - start.seconds
        }
        if !isQueuedShown {
            isQueuedShown = true
            let ahead = job["ahead"]?.integer.map { $0 == 0 ? ", nothing ahead" : ", \($0) ahead" } ?? ""
            lines.append(
                Line(name: "queued", seconds: start == nil ? nil : 0, text: "job \(job["id"]?.cell ?? "?")\(ahead)")
            )
        }
        let steps = job["steps"]?.items ?? []
        let hasEnded = job["ended_at"]?.string != nil
        for (index, step) in steps.enumerated() where index >= shown {
            if let cell = step["pm_id"]?.cell, cell != pm {
                pm = cell
                lines.append(Line(name: Self.placed, seconds: seconds(step["started_at"]), text: "PM \(cell)"))
            }
            let end = seconds(step["ended_at"])
            guard end != nil || hasEnded || index < steps.count - 1 else { break }
            shown = index + 1
            lines.append(line(of: step, end: end, seconds(step["started_at"])))
        }
        return lines
    }

    private func line(of step: JSONValue, end: Double?, _ start: Double?) -> Line {
        let detail = step["detail"]?.string
        let isUndone = step["undone_at"]?.string != nil
        let text = [end == nil ? "failed" : nil, detail, isUndone ? "undone" : nil].compactMap(\.self).joined(
            separator: ": "
        )
        return Line(name: step["name"]?.cell ?? "?", seconds: end ?? start, text: text)
    }

    /// What the job does now, for the line that is written over.
    static func present(_ job: JSONValue) -> String {
        let state = job["state"]?.cell ?? ""
        if let reason = job["reason"]?.string, state == "delayed" { return "\(state): \(reason)" }
        guard state == "running", let step = job["steps"]?.items?.last else {
            return state + (job["ahead"]?.integer.map { ", \($0) ahead" } ?? "")
        }
        return step["name"]?.cell ?? state
    }
}
