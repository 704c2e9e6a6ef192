/// Where an image's file lies, as one text: `/path` on the workers, or `[user@]host[:port]:path` on another machine.
package enum ImageLocation: Hashable, Sendable, CustomStringConvertible {
    /// On each worker, at a full path.
    case local(path: String)
    /// On another machine, from which workers fetch it over ssh; a relative path begins at the user's home there.
    case remote(SSHDestination, path: String)

    /// Reads a location that ``description`` wrote.
    ///
    /// - Parameter text: the location.
    /// - Throws: `Failure` with the code `invalidRequest` where it names no machine to which ssh could go.
    package init(_ text: String) throws(Failure) {
        guard let (machine, path) = Self.split(text) else {
            self = .local(path: text)
            return
        }
        self = .remote(try SSHDestination(machine), path: path)
    }

    /// The path on the machine where the file lies.
    package var path: String {
        switch self {
        case .local(let path), .remote(_, let path): path
        }
    }

    /// True for a file on another machine.
    package var isRemote: Bool {
        if case .remote = self { true } else { false }
    }

    /// The location as one text, by which an image keeps its number.
    package var description: String {
        switch self {
        case .local(let path): path
        case .remote(let machine, let path): "\(machine.authority):\(path)"
        }
    }

    /// The machine and the path of a text that has a colon before its first slash, as scp(1) separates them; nil for
    /// a path on this machine.
    ///
    /// Digits between two colons are a port. An IPv6 address stands in brackets.
    ///
    /// - Parameter text: what may be a location.
    /// - Returns: both parts as they stand there.
    package static func split(_ text: String) -> (machine: String, path: String)? {
        var search = text.startIndex
        let host = text.firstIndex(of: "@").map(text.index(after:)) ?? text.startIndex
        if host < text.endIndex, text[host] == "[", let close = text[host...].firstIndex(of: "]") { search = close }
        guard var colon = text[search...].firstIndex(of: ":"), !text[..<colon].contains("/") else { return nil }
        let digits = text[text.index(after: colon)...].prefix { $0.isASCII && $0.isNumber }
        if !digits.isEmpty, digits.endIndex < text.endIndex, text[digits.endIndex] == ":" { colon = digits.endIndex }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }
}
