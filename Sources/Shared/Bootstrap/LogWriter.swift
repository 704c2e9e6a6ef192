import Dispatch
package import Foundation
import NIOConcurrencyHelpers

/// Collects log lines and writes them to a file descriptor in batches, in order.
package final class LogWriter: Sendable {
    private struct State {
        var format = LogFormat.text
        var pending: [UInt8] = []
        var isScheduled = false
        var dropped = 0
    }

    /// Lines beyond this many pending bytes are counted and dropped: a reader that hangs must not take our memory.
    private static let limit = 4 << 20
    /// How long lines wait for others to come with them: a write and the waking of a thread for each cost more than they.
    private static let delay = DispatchTimeInterval.milliseconds(5)

    private let state = NIOLockedValueBox(State())
    private let queue = DispatchQueue(label: "log-writer")
    private let handle: FileHandle

    package init(to handle: FileHandle = .standardError) {
        self.handle = handle
    }

    /// How lines are written, of which this one writes one itself.
    package var format: LogFormat {
        get { state.withLockedValue { $0.format } }
        set { state.withLockedValue { $0.format = newValue } }
    }

    /// Takes a line to be written soon, or before this returns where it is urgent.
    ///
    /// - Parameters:
    ///   - line: the line with its newline.
    ///   - isUrgent: write it now.
    package func write(_ line: String, isUrgent: Bool = false) {
        let mustSchedule = state.withLockedValue { state in
            guard state.pending.count + line.utf8.count <= Self.limit else {
                state.dropped += 1
                return false
            }
            state.pending.append(contentsOf: line.utf8)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustSchedule { queue.asyncAfter(deadline: .now() + Self.delay) { self.flushOnQueue() } }
        if isUrgent { flush() }
    }

    /// Writes what is pending and returns when that is done.
    package func flush() {
        queue.sync { flushOnQueue() }
    }

    private func flushOnQueue() {
        let (bytes, dropped, format) = state.withLockedValue { state in
            defer { state = State(format: state.format) }
            return (state.pending, state.dropped, state.format)
        }
        var data = Data(bytes)
        if dropped > 0 { data.append(Data(Self.notice(of: dropped, format).utf8)) }
        guard !data.isEmpty else { return }
        // There is nowhere to report that standard error itself is closed.
        try? handle.write(contentsOf: data)
    }

    private static func notice(of dropped: Int, _ format: LogFormat) -> String {
        switch format {
        case .text: "(\(dropped) log lines dropped: nobody took them)\n"
        case .json:
            "{\"time\":\"\(LogTime.now())\",\"level\":\"warning\",\"message\":\"log lines dropped: nobody took them\","
                + "\"lines\":\(dropped)}\n"
        }
    }
}
