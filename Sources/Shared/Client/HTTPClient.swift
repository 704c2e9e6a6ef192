import Foundation

/// Calls one server over HTTP/1.1, a connection a call.
///
/// It is small so that a command line tool starts quickly: decision 52 has the figures. It follows no redirections and
/// ignores the environment's proxies.
package struct HTTPClient: Sendable {
    /// A request; its target is sent as it is.
    package struct Request: Sendable {
        package var method: String
        package var target: String
        package var fields: [(name: String, value: String)] = []
        package var body: [UInt8]?

        package init(
            _ method: String,
            _ target: String,
            fields: [(name: String, value: String)] = [],
            body: [UInt8]? = nil
        ) {
            (self.method, self.target, self.fields, self.body) = (method, target, fields, body)
        }
    }

    private let host: String
    private let port: Int
    /// Whom TLS trusts; nil for plain HTTP.
    private let trust: TLSTrust?

    /// The largest answers that are taken.
    static let largestHead = 64 << 10
    static let largestBody = 64 << 20

    /// A client of a server.
    ///
    /// - Parameters:
    ///   - base: its address, as `http://127.0.0.1:8080`.
    ///   - authorities: a file of certificates (PEM) to trust; nil for those of the system.
    /// - Throws: `ClientError` where the address is none.
    package init(base: String, authorities: String? = nil) throws(ClientError) {
        let isSecure = base.hasPrefix("https://")
        let scheme = isSecure ? "https://" : "http://"
        guard base.hasPrefix(scheme) else { throw .badAddress(base) }
        trust = isSecure ? TLSTrust(authorities: authorities) : nil
        let authority = base.dropFirst(scheme.count).prefix { $0 != "/" }
        let end = authority.lastIndex(of: "]").map { authority.index(after: $0) } ?? authority.startIndex
        let colon = authority[end...].firstIndex(of: ":") ?? authority.endIndex
        let port = authority[colon...].dropFirst()
        guard let number = port.isEmpty ? isSecure ? 443 : 80 : UInt16(port), colon > authority.startIndex else {
            throw .badAddress(base)
        }
        host = authority[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        self.port = Int(number)
    }

    /// Sends a request and waits for the answer, on a thread of its own.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - time: how long to wait for the whole answer.
    /// - Returns: the answer, whatever its status.
    /// - Throws: `ClientError` where there is none.
    package func send(_ request: Request, within time: Duration) async throws(ClientError) -> HTTPResponse {
        try await onThread(within: time) { limit in exchange(request, limit) }
    }

    /// Sends a request, and hands on the body of the answer as it comes.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - time: how long it may all take.
    ///   - deliver: takes the head and the next bytes, on a thread of the call's own; false ends the call.
    /// - Returns: the answer; its body is empty where it was handed on, as that of each success is.
    /// - Throws: `ClientError` where there is none, or the body ends before its end.
    package func stream(
        _ request: Request,
        within time: Duration,
        _ deliver: @escaping @Sendable (_ head: HTTPResponse, _ bytes: [UInt8]) -> Bool
    ) async throws(ClientError) -> HTTPResponse {
        try await onThread(within: time) { limit in exchange(request, limit, deliver) }
    }

    private func onThread(
        within time: Duration,
        _ work: @escaping @Sendable (SocketConnection.Limit) -> Result<HTTPResponse, ClientError>
    ) async throws(ClientError) -> HTTPResponse {
        let limit = SocketConnection.Limit(deadline: .now + time)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let thread = Thread { continuation.resume(returning: work(limit)) }
                thread.stackSize = 256 << 10
                thread.start()
            }
        } onCancel: {
            limit.cancel()
        }
        return try result.get()
    }

    private func exchange(
        _ request: Request,
        _ limit: SocketConnection.Limit,
        _ deliver: (HTTPResponse, [UInt8]) -> Bool
    ) -> Result<HTTPResponse, ClientError> {
        do throws(ClientError) {
            var reader = ResponseReader(try SocketConnection(host: host, port: port, trust: trust, limit: limit))
            try reader.connection.send(Array(head(of: request).utf8) + (request.body ?? []))
            return .success(try reader.response(to: request.method, deliver))
        } catch {
            return .failure(error)
        }
    }

    private func exchange(_ request: Request, _ limit: SocketConnection.Limit) -> Result<HTTPResponse, ClientError> {
        do throws(ClientError) {
            var reader = ResponseReader(try SocketConnection(host: host, port: port, trust: trust, limit: limit))
            try reader.connection.send(Array(head(of: request).utf8) + (request.body ?? []))
            return .success(try reader.response(to: request.method))
        } catch {
            return .failure(error)
        }
    }

    private func head(of request: Request) -> String {
        var lines = ["\(request.method) \(request.target) HTTP/1.1"]
        let names = Set(request.fields.map { $0.name.lowercased() })
        if !names.contains("host") { lines.append("Host: \(host.contains(":") ? "[\(host)]" : host):\(port)") }
        lines += ["Accept: */*", "Connection: close"]
        if let body = request.body { lines.append("Content-Length: \(body.count)") }
        lines += request.fields.map { "\($0.name): \($0.value)" }
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }
}
