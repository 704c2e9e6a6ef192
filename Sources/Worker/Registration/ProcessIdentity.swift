import Foundation

/// What distinguishes a process from all others, also from a later one with the same number.
///
/// The kernel's boot id, the namespace of process numbers, the number, and the start in clock ticks since boot (proc(5)).
struct ProcessIdentity: Hashable, Sendable {
    /// As a worker's record has it.
    let text: String

    /// This process; nil where /proc does not say.
    static var current: ProcessIdentity? { of(ProcessInfo.processInfo.processIdentifier) }

    /// A process of this machine; nil where there is none, or /proc does not say.
    static func of(_ pid: Int32) -> ProcessIdentity? {
        guard let place, let start = start(of: pid) else { return nil }
        return ProcessIdentity(text: "\(place) \(pid) \(start)")
    }

    /// Takes one from a record.
    init(text: String) { self.text = text }

    /// Whether the process has ended for sure; nil where that cannot be determined from here.
    var hasEnded: Bool? {
        let words = text.split(separator: " ")
        guard words.count == 4, let place = Self.place, "\(words[0]) \(words[1])" == place, let pid = Int32(words[2])
        else { return nil }
        return Self.start(of: pid) != String(words[3])
    }

    /// The boot and the namespace within which numbers of processes mean something.
    private static var place: String? {
        guard let boot = contents(of: "/proc/sys/kernel/random/boot_id") else { return nil }
        do {
            let namespace = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
            return "\(boot.filter { !$0.isWhitespace }) \(namespace)"
        } catch { return nil }
    }

    /// Field 22 of /proc/PID/stat; nil where there is no such process, or it waits to be reaped.
    private static func start(of pid: Int32) -> String? {
        // The name in parentheses may hold spaces and parentheses.
        guard let stat = contents(of: "/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(whereSeparator: \.isWhitespace)
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return String(fields[19])
    }

    private static func contents(of path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
