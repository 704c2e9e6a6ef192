/// What a volume's name, or the last part of a path, says of whose it is.
struct VolumeName: Hashable, Sendable {
    /// The name.
    let text: String

    /// Reads a name or a path.
    init(_ path: String) {
        text = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// True where it is a copy of an image of ours, or the mark that says that one is whole.
    var isImage: Bool { text.utf8.starts(with: "hvc-image-".utf8) }

    /// The domain of the VM after which it is called: `hvc-<number>-<eight hexadecimal digits>`, and behind that nothing,
    /// a dot, a dash or an underscore.
    ///
    /// By bytes: each probe of a PM asks for each of its volumes, and a regular expression was a quarter of a probe.
    var domainName: String? {
        let bytes = Array(text.utf8)
        let start = Array("hvc-".utf8)
        guard bytes.starts(with: start) else { return nil }
        guard let dash = bytes[start.count...].firstIndex(of: UInt8(ascii: "-")), dash > start.count,
            bytes[start.count..<dash].allSatisfy(Self.isDigit), bytes.count >= dash + 9
        else { return nil }
        let end = dash + 9
        guard bytes[(dash + 1)..<end].allSatisfy(Self.isHexadecimal),
            end == bytes.count || ".-_".utf8.contains(bytes[end])
        else { return nil }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
