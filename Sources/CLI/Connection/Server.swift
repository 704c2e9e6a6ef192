import API
import Client

/// The gateway that commands are for.
struct Server: Sendable {
    /// What it answers.
    struct Answer: Sendable {
        let status: Int
        let fields: [(name: String, value: String)]
        let value: JSONValue

        subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
    }

    /// For how long a stream may go on.
    private static let longest: Duration = .seconds(30 * 86400)

    typealias Query = [(name: String, value: String?)]

    let address: String
    private let http: HTTPClient
    private let token: String?

    /// - Throws: ``CommandFailure`` where the address is none.
    init(address: String, token: String?, authorities: String? = nil) throws(CommandFailure) {
        self.address = address
        self.token = token
        do throws(ClientError) { http = try HTTPClient(base: address, authorities: authorities) } catch {
            throw CommandFailure(error, server: address)
        }
    }

    /// Makes a call.
    ///
    /// - Parameters:
    ///   - endpoint: the call.
    ///   - names: the values in its path.
    ///   - query: its arguments; those without a value are left out.
    ///   - body: its body.
    ///   - fields: more fields of the request's head.
    ///   - limit: how long to wait for the answer.
    /// - Returns: the answer of success.
    /// - Throws: ``CommandFailure`` for anything else.
    func call<Body, Content>(
        _ endpoint: Endpoint<Body, Content>,
        _ names: [String] = [],
        query: Query = [],
        body: Body,
        fields: [(String, String)] = [],
        within limit: Duration = .seconds(60)
    ) async throws(CommandFailure) -> Answer {
        let call = endpoint.description
        var bytes: [UInt8]?
        var type = "application/json"
        if let body = body as? BytesBody {
            (bytes, type) = (body.bytes, "application/octet-stream")
        } else if call.body != nil {
            do throws(ClientError) { bytes = try APIClient.bytes(body) } catch {
                throw CommandFailure(error, server: address)
            }
        }
        return try await send(
            call.methods[0].rawValue,
            call.path.filled(with: names.map(Self.encoded)) + Self.text(query),
            body: bytes,
            type: type,
            fields: fields,
            within: limit
        )
    }

    func call<Content>(
        _ endpoint: Endpoint<NoBody, Content>,
        _ names: [String] = [],
        query: Query = [],
        fields: [(String, String)] = [],
        within limit: Duration = .seconds(60)
    ) async throws(CommandFailure) -> Answer {
        try await call(endpoint, names, query: query, body: NoBody(), fields: fields, within: limit)
    }

    /// Sends a request and reads the answer as JSON.
    func send(
        _ method: String,
        _ target: String,
        body: [UInt8]? = nil,
        type: String = "application/json",
        fields: [(String, String)] = [],
        within limit: Duration = .seconds(60)
    ) async throws(CommandFailure) -> Answer {
        let response = try await exchange(method, target, body: body, type: type, fields: fields, within: limit)
        let isJSON = response["content-type"]?.contains("json") ?? false
        guard (200..<300).contains(response.status) else { throw failure(response, isJSON: isJSON) }
        return Answer(status: response.status, fields: response.fields, value: try value(response))
    }

    /// Sends a request; the answer may have any status.
    func exchange(
        _ method: String,
        _ target: String,
        body: [UInt8]? = nil,
        type: String = "application/json",
        fields: [(String, String)] = [],
        within limit: Duration
    ) async throws(CommandFailure) -> HTTPResponse {
        var request = HTTPClient.Request(method, target, body: body)
        request.fields = fields.map { (name: $0.0, value: $0.1) }
        if body != nil { request.fields.append((name: "Content-Type", value: type)) }
        if let token { request.fields.append((name: "Authorization", value: "Bearer \(token)")) }
        do throws(ClientError) { return try await http.send(request, within: limit) } catch {
            throw CommandFailure(error, server: address)
        }
    }

    /// Sends a request, and hands on the body of the answer as it comes; false ends it.
    ///
    /// - Returns: the answer, whose body was handed on where its status is one of success.
    func stream(
        _ target: String,
        _ deliver: @escaping @Sendable (_ head: HTTPResponse, _ bytes: [UInt8]) -> Bool
    ) async throws(CommandFailure) -> HTTPResponse {
        var request = HTTPClient.Request("GET", target)
        if let token { request.fields.append((name: "Authorization", value: "Bearer \(token)")) }
        let response: HTTPResponse
        do throws(ClientError) { response = try await http.stream(request, within: Self.longest, deliver) } catch {
            throw CommandFailure(error, server: address)
        }
        guard (200..<300).contains(response.status) else {
            throw failure(response, isJSON: response["content-type"]?.contains("json") ?? false)
        }
        return response
    }

    private func value(_ response: HTTPResponse) throws(CommandFailure) -> JSONValue {
        guard !response.body.isEmpty else { return .null }
        do throws(JSONSyntaxError) { return try JSONValue(parsing: response.body) } catch {
            throw CommandFailure(.malformed("\(error)"), server: address)
        }
    }

    private func failure(_ response: HTTPResponse, isJSON: Bool) -> CommandFailure {
        let problem = isJSON ? try? value(response) : nil
        if let problem, problem["code"] != nil { return CommandFailure(problem: problem, status: response.status) }
        let reason = response["x-hvc-reason"] ?? "status \(response.status)"
        return CommandFailure(
            ExitStatus(code: response["x-hvc-code"] ?? "", status: response.status),
            code: response["x-hvc-code"] ?? "http_\(response.status)",
            "\(address) answers: \(reason)"
        )
    }

    // MARK: Text

    private static func text(_ query: Query) -> String {
        let given = query.compactMap { name, value in value.map { "\(name)=\(encoded($0))" } }
        return given.isEmpty ? "" : "?" + given.joined(separator: "&")
    }

    /// Percent-encodes all but what is never special (RFC 3986, 2.3).
    static func encoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { encoded, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
    }
}
