/// The authority of a request: the host and port that a client believes it talks to (RFC 3986, 3.2; RFC 9110, 7.2).
struct Authority {
    /// The host's name or address, an IPv6 address without its brackets.
    let host: Substring

    /// Reads the text of a `Host` field or of a target in absolute form.
    ///
    /// - Parameter text: the text; nil is returned where it is not `host[:port]`.
    init?(_ text: Substring) {
        let bytes = text.utf8
        let end: Substring.Index
        if bytes.first == UInt8(ascii: "[") {
            let start = bytes.index(after: bytes.startIndex)
            guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")), bracket > start,
                bytes[start..<bracket].allSatisfy(Self.isAddressByte)
            else { return nil }
            host = text[start..<bracket]
            end = bytes.index(after: bracket)
        } else {
            end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
            guard bytes[..<end].allSatisfy(Self.isNameByte) else { return nil }
            host = text[..<end]
        }
        guard end < bytes.endIndex else { return }
        guard bytes[end] == UInt8(ascii: ":"), Self.isPort(bytes[bytes.index(after: end)...]) else { return nil }
    }

    /// Whether it names this machine, whatever DNS says: `localhost` and names under it (RFC 6761, 6.3), the
    /// addresses 127.0.0.0/8 and ::1.
    var isLoopback: Bool {
        // The usual ones, without a walk through their parts.
        if host == "127.0.0.1" || host == "localhost" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 4, parts[0] == "127" { return parts.allSatisfy { UInt8($0) != nil } }
        // A name may end with the dot of the root.
        let top = parts.count > 1 && parts.last?.isEmpty == true ? parts[parts.count - 2] : parts[parts.count - 1]
        return host == "::1" || top.lowercased() == "localhost"
    }

    /// A colon without a port is allowed; it means the scheme's default port.
    private static func isPort(_ digits: Substring.UTF8View.SubSequence) -> Bool {
        guard digits.count <= 5, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= UInt16.max
    }

    /// `reg-name`: unreserved, percent-encoded and sub-delims.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: "_~%!$&'()*+,;=".utf8.contains(byte)
        }
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"),
            UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
