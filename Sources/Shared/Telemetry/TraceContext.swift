/// Where a request stands in a trace of its caller: the header `traceparent` of W3C Trace Context.
package struct TraceContext: Hashable, Sendable {
    /// The trace, 32 hex digits.
    package let traceID: String
    /// The header, in the form of version 00.
    package let text: String

    /// That of the request under way in this task; nil where its caller sent none.
    @TaskLocal package static var current: TraceContext?

    /// Reads the header; nil where it is not of the form, which the standard has us ignore.
    ///
    /// A later version begins as this one does.
    package init?(_ header: String) {
        let parts = header.split(separator: "-", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count >= 4, parts.count == 4 || parts[0] != "00", parts[0] != "ff",
            zip(parts, [2, 32, 16, 2]).allSatisfy({ Self.isHex($0, digits: $1) }),
            parts[1...2].allSatisfy({ $0.utf8.contains { $0 != UInt8(ascii: "0") } })
        else { return nil }
        traceID = String(parts[1])
        text = "00-\(parts[1])-\(parts[2])-\(parts[3])"
    }

    /// Lower-case alone is valid.
    private static func isHex(_ text: Substring, digits: Int) -> Bool {
        text.utf8.count == digits
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
