/// An answer over HTTP.
package struct HTTPResponse: Sendable {
    package let status: Int
    /// The fields as they came, names in lower case.
    package let fields: [(name: String, value: String)]
    package var body: [UInt8] = []

    package init(status: Int, fields: [(name: String, value: String)], body: [UInt8] = []) {
        (self.status, self.fields, self.body) = (status, fields, body)
    }

    package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }
}

extension HTTPResponse {
    /// How the end of a body is found (RFC 9112, 6.3).
    enum Length: Equatable {
        case bytes(Int)
        case chunked
        case untilClosed
    }

    /// Reads the lines of a head.
    ///
    /// - Throws: `ClientError` where they are no answer over HTTP/1.
    init(head: String) throws(ClientError) {
        // Swift takes CR LF for one character, which is a newline.
        let lines = head.split(whereSeparator: \.isNewline)
        let words = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw .malformed("it does not begin as one over HTTP does")
        }
        let fields = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            return (line[..<colon].lowercased(), String(value))
        }
        self.init(status: status, fields: fields)
    }

    func length(of method: String) throws(ClientError) -> Length {
        if method == "HEAD" || status == 204 || status == 304 { return .bytes(0) }
        if let coding = self["transfer-encoding"] {
            guard coding.lowercased() == "chunked" else { throw .malformed("its transfer encoding is \(coding)") }
            return .chunked
        }
        guard let text = self["content-length"] else { return .untilClosed }
        guard let count = Int(text), count >= 0 else { throw .malformed("its length is no number") }
        return .bytes(count)
    }
}
