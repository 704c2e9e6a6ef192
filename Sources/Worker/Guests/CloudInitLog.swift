import Foundation
import Model

/// What a guest's console has said of cloud-init in one run of the guest.
struct CloudInitLog: Hashable, Sendable {
    /// How far the console's file was read; nil before the first time.
    private var length: Int?
    private var hasBegun = false
    private var hasEnded = false
    private var complaints: [String] = []

    /// How much is read again, for lines that were cut.
    private static let overlap = 4096
    /// How many complaints are kept, the first ones.
    private static let mostComplaints = 3

    /// From where to go on.
    var offset: Int { max(0, (length ?? 0) - Self.overlap) }

    /// What cloud-init has come to; nil where nothing was seen of it.
    var state: CloudInit? {
        guard hasEnded else { return hasBegun ? CloudInit(.running) : nil }
        guard !complaints.isEmpty else { return CloudInit(.done) }
        return CloudInit(.error, error: PrintableText.line(complaints.joined(separator: "; "), limit: 600))
    }

    /// Takes in what is new.
    ///
    /// - Parameters:
    ///   - lines: its lines about cloud-init, in their order; some may have been read before.
    ///   - length: how long the console's file is now.
    ///   - start: when the run began, by the guest's clock or its PM's, in seconds since 1970. What ended before is of
    ///     an earlier run, whose output the file has, too: the first reading leaves it out. Later ones need not ask
    ///     clocks, for what they read is new.
    mutating func read(_ lines: [String], length: Int, since start: Int) {
        var lines = lines.compactMap { CloudInitLine($0) }[...]
        if self.length == nil {
            let last = lines.lastIndex {
                if case .ended(let time?) = $0 { time < start } else { false }
            }
            if let last { lines = lines[(last + 1)...] }
        }
        self.length = length
        for line in lines {
            hasBegun = true
            switch line {
            case .begun: break
            case .ended: hasEnded = true
            case .complaint(let text): note(text)
            }
        }
    }

    private mutating func note(_ complaint: String) {
        // One that was cut is read again, and whole then.
        if let place = complaints.firstIndex(where: { complaint.hasPrefix($0) }) {
            complaints[place] = complaint
        } else if complaints.count < Self.mostComplaints {
            complaints.append(complaint)
        }
    }
}

/// A line of cloud-init's on a console.
enum CloudInitLine: Hashable, Sendable {
    /// A stage of it runs.
    case begun
    /// All of it has ended, by its own clock, in seconds since 1970.
    case ended(Int?)
    /// Something failed, in its own words.
    case complaint(String)

    /// Reads a line; nil where it says nothing of how it went.
    init?(_ text: String) {
        let line = PrintableText.line(text, limit: 300)
        if let (level, words) = Self.complaint(in: line) {
            guard
                level != "WARNING" || line.contains("hvc-guest: [")
                    || !line.contains("schema.py[") && Self.isFailure(words)
            else { return nil }
            self = .complaint(words)
        } else if line.contains("status: error") {
            self = .complaint("status: error")
        } else if line.contains("loud-init v.") || line.contains("hvc-guest: v.") {
            if let place = line.range(of: " finished at ") {
                self = .ended(Self.time(line[place.upperBound...]))
            } else if line.contains(" running ") {
                self = .begun
            } else {
                return nil
            }
        } else {
            return nil
        }
    }

    /// What stands behind a level of Python's logging, as in `util.py[WARNING]: …`.
    private static func complaint(in line: String) -> (level: String, words: String)? {
        for level in ["WARNING", "ERROR", "CRITICAL"] {
            if let place = line.range(of: "[\(level)]: ") { return (level, String(line[place.upperBound...])) }
        }
        return nil
    }

    /// Whether a warning is about something that did not work, rather than advice, such as that a schema knows no such key.
    private static func isFailure(_ words: String) -> Bool {
        let text = words.lowercased()
        return ["fail", "error", "unhandled", "fallback datasource", "unable", "could not", "no such"]
            .contains { text.contains($0) }
    }

    /// As in `Fri, 27 Nov 2026 16:46:07 +0000`.
    private static func time(_ text: Substring) -> Int? {
        let words = text.split(separator: " ").prefix(6)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let zone = words.last.map { $0.prefix { $0.isNumber || $0 == "+" || $0 == "-" } } ?? ""
        guard words.count == 6, let day = Int(words[1]), let month = months.firstIndex(of: String(words[2])),
            let year = Int(words[3]), let offset = Int(zone), zone.count == 5
        else { return nil }
        let clock = words[4].split(separator: ":").compactMap { Int($0) }
        guard clock.count == 3 else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        guard let utc = TimeZone(secondsFromGMT: 0) else { return nil }
        calendar.timeZone = utc
        let parts = DateComponents(
            year: year,
            month: month + 1,
            day: day,
            hour: clock[0],
            minute: clock[1],
            second: clock[2]
        )
        return calendar.date(from: parts).map { date in
            Int(date.timeIntervalSince1970) - (offset / 100 * 60 + offset % 100) * 60
        }
    }
}
