import Model
import Store

/// When a PM is probed next; pure.
///
/// Each PM has a phase of its own within the period, which follows from its number: the probes of a fleet are spread evenly
/// over the period, however many of them began at the same moment. A PM that does not answer is probed less and less often.
struct ProbeSchedule: Hashable, Sendable {
    /// The time between two probes of a PM that answers.
    let period: Duration

    /// The longest time between two probes of a PM that does not answer, in periods.
    static let longestBackOff = 8

    /// How long to wait from now to the PM's next probe.
    ///
    /// A probe off the PM's phase, as the first one and one that an event asked for, is followed by one on the phase: a
    /// quarter of a period later at the earliest, and five quarters at the latest.
    ///
    /// - Parameters:
    ///   - pm: the PM.
    ///   - now: the time, in ms since 1970.
    ///   - failures: how many probes of it in a row have failed.
    /// - Returns: the time to wait.
    func wait(for pm: PMID, at now: Int, failures: Int) -> Duration {
        let length = max(1, period.milliseconds)
        let earliest = now + length * periods(after: failures) - length * 3 / 4
        let untilPhase = (phase(of: pm) - earliest) % length
        return .milliseconds(earliest - now + (untilPhase < 0 ? untilPhase + length : untilPhase))
    }

    /// How many periods pass until the next probe: 1, 1, 2, 4, 8, 8 and so on.
    private func periods(after failures: Int) -> Int {
        min(1 << min(max(0, failures - 1), 30), Self.longestBackOff)
    }

    /// When in each period the PM is probed, in ms: multiples of the golden ratio fill a circle evenly, however many there are.
    private func phase(of pm: PMID) -> Int {
        let turn = UInt64(bitPattern: Int64(pm.value)) &* 0x9E37_79B9_7F4A_7C15
        return Int(Double(turn >> 11) / Double(1 << 53) * Double(max(1, period.milliseconds)))
    }
}
