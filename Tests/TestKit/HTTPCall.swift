import Foundation

/// An answer to an HTTP call.
package struct HTTPAnswer: Sendable {
    /// The status.
    package let status: Int
    /// The body as text.
    package let body: String
    /// The headers, names in lower case.
    package let headers: [String: String]
}

/// Makes HTTP calls of one server, with curl: it sends paths just as they are given, also those that no URL type takes.
package struct HTTPCalls: Sendable {
    /// The server's address.
    package let base: String

    /// Calls of a server.
    ///
    /// - Parameter base: its address, as `http://127.0.0.1:8080`.
    package init(base: String) {
        self.base = base
    }

    /// Makes a call.
    ///
    /// - Parameters:
    ///   - path: the path with its query, encoded as it is to be sent.
    ///   - method: the method.
    ///   - headers: more headers.
    ///   - body: what to send.
    ///   - limit: how long to wait, in seconds.
    /// - Returns: the answer.
    /// - Throws: ``TestKitError`` where there is no answer, with what curl says.
    package func call(
        _ path: String,
        method: String = "GET",
        headers: [String: String] = [:],
        body: String? = nil,
        within limit: Int = 90
    ) async throws -> HTTPAnswer {
        let directory = try TemporaryDirectory()
        let (head, content, sent) = (directory.file("head"), directory.file("content"), directory.file("sent"))
        var arguments = ["-sS", "--noproxy", "*", "--path-as-is", "--globoff", "--max-time", "\(limit)"]
        arguments += ["-D", head, "-o", content, "-X", method]
        for (name, value) in headers { arguments += ["-H", "\(name): \(value)"] }
        if let body {
            try body.write(toFile: sent, atomically: true, encoding: .utf8)
            arguments += ["--data-binary", "@" + sent, "-H", "Expect:"]
        }
        let curl = try ChildProcess("curl", arguments + [base + path])
        let exit = try await curl.waitForExit(within: .seconds(limit + 30))
        guard exit == .status(0) else { throw TestKitError("\(method) \(path): curl ended with \(exit): \(curl.text)") }
        return try HTTPAnswer(
            head: try String(contentsOfFile: head, encoding: .utf8),
            body: (try? String(contentsOfFile: content, encoding: .utf8)) ?? ""
        )
    }
}

extension HTTPAnswer {
    fileprivate init(head: String, body: String) throws {
        let lines = head.split(whereSeparator: \.isNewline)
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw TestKitError("no HTTP answer: \(head)")
        }
        let fields = lines.dropFirst().compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
        }
        self.init(status: status, body: body, headers: Dictionary(fields) { first, _ in first })
    }
}
