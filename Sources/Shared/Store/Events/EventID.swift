/// The id of an entry of the event stream, such as `1795774115383-0`: a time in ms since 1970, and a number.
package struct EventID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let milliseconds: UInt64
    private let number: UInt64

    /// Before all entries.
    package static let zero = EventID(milliseconds: 0, number: 0)

    private init(milliseconds: UInt64, number: UInt64) {
        (self.milliseconds, self.number) = (milliseconds, number)
    }

    /// Reads an id; the time alone stands for its first entry.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        // One byte less than what may not fit, so that Lua has it exactly, too.
        let isPlain = parts.allSatisfy { part in
            (1...15).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        guard isPlain, parts.count <= 2, let milliseconds = UInt64(parts[0]) else { return nil }
        self.init(milliseconds: milliseconds, number: parts.count == 2 ? UInt64(parts[1]) ?? 0 : 0)
    }

    package var description: String { "\(milliseconds)-\(number)" }

    package static func < (first: Self, second: Self) -> Bool {
        (first.milliseconds, first.number) < (second.milliseconds, second.number)
    }
}
