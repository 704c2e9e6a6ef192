import Client

/// An answer to an HTTP call.
package struct HTTPAnswer: Sendable {
    package let status: Int
    /// The body as text.
    package let body: String
    /// The headers, names in lower case.
    package let headers: [String: String]

    package init(status: Int, body: String, headers: [String: String]) {
        (self.status, self.body, self.headers) = (status, body, headers)
    }
}

/// Makes HTTP calls of one server; paths are sent just as they are given, also those that no URL type takes.
package struct HTTPCalls: Sendable {
    /// The server's address, as `http://127.0.0.1:8080`.
    package let base: String

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
    /// - Throws: `ClientError` where there is no answer.
    package func call(
        _ path: String,
        method: String = "GET",
        headers: [String: String] = [:],
        body: String? = nil,
        within limit: Int = 90
    ) async throws -> HTTPAnswer {
        let request = HTTPClient.Request(
            method,
            path,
            fields: headers.map { ($0.key, $0.value) },
            body: body.map { Array($0.utf8) }
        )
        let response = try await HTTPClient(base: base).send(request, within: .seconds(limit))
        let headers = Dictionary(response.fields.map { ($0.name, $0.value) }) { first, _ in first }
        return HTTPAnswer(status: response.status, body: response.text, headers: headers)
    }
}
