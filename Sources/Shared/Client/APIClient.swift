package import API
import Foundation

/// Calls the endpoints of a gateway with their types.
package struct APIClient: Sendable {
    /// The outcome of a call that makes a job.
    package enum Outcome<Answer: Sendable>: Sendable {
        case done(Answer)
        /// The job goes on.
        case accepted(JobAccepted)
        /// The job is done, and what it made is no more.
        case gone(VMGone)
    }

    private let http: HTTPClient
    private let token: String?

    /// A client of a gateway.
    ///
    /// - Parameters:
    ///   - base: its address, as `http://127.0.0.1:8080`.
    ///   - token: its token; nil if it needs none.
    /// - Throws: `ClientError` where the address is none.
    package init(base: String, token: String? = nil) throws(ClientError) {
        http = try HTTPClient(base: base)
        self.token = token
    }

    /// Makes a call.
    ///
    /// - Parameters:
    ///   - endpoint: the call.
    ///   - id: the number in its path; nil if it has none.
    ///   - query: its arguments, percent-encoded where need be.
    ///   - body: its body.
    ///   - wait: for how many seconds to wait for the outcome of a job; 0 for an answer as soon as it is accepted.
    ///   - limit: how long to wait for the answer.
    /// - Returns: the answer, or that the job goes on.
    /// - Throws: `ClientError`, with the problem document where the gateway sent one.
    package func call<Body, Answer>(
        _ endpoint: Endpoint<Body, Answer>,
        id: Int? = nil,
        query: String? = nil,
        body: Body,
        wait: Int = 60,
        within limit: Duration = .seconds(90)
    ) async throws(ClientError) -> Outcome<Answer> {
        let call = endpoint.description
        var request = HTTPClient.Request(
            call.methods[0].rawValue,
            call.path.filled(with: id.map(String.init) ?? "") + (query.map { "?" + $0 } ?? "")
        )
        if let token { request.fields.append(("Authorization", "Bearer \(token)")) }
        if call.makesJob, wait > 0 { request.fields.append(("Prefer", "wait=\(wait)")) }
        if call.body != nil {
            request.fields.append(("Content-Type", "application/json"))
            request.body = try Self.bytes(body)
        }
        let response = try await http.send(request, within: limit)
        guard call.statuses.contains(response.status) else { throw Self.error(response) }
        let goesOn = response.status == 202 && call.style == .v1
        if goesOn, call.answers(with: 202).contains(where: { $0 == JobAccepted.self }) {
            return .accepted(try Self.value(response))
        }
        if call.mayBeGone, let gone = Self.gone(response) { return .gone(gone) }
        return .done(try Self.value(response))
    }

    /// A body as JSON.
    package static func bytes(_ body: some Encodable) throws(ClientError) -> [UInt8] {
        do { return Array(try JSONEncoder().encode(body)) } catch {
            throw .malformed("the request cannot be written as JSON: \(error)")
        }
    }

    private static func gone(_ response: HTTPResponse) -> VMGone? {
        // Anything else is of another state.
        try? JSONDecoder().decode(VMGone.self, from: Data(response.body))
    }

    private static func value<Value: Decodable>(_ response: HTTPResponse) throws(ClientError) -> Value {
        do { return try JSONDecoder().decode(Value.self, from: Data(response.body)) } catch {
            throw .malformed("\(error)")
        }
    }

    /// What the gateway says of a failure: a problem document, or in the legacy API headers.
    private static func error(_ response: HTTPResponse) -> ClientError {
        if response["content-type"] == "application/problem+json" {
            do throws(ClientError) { return .problem(try value(response)) } catch { return error }
        }
        return .failed(status: response.status, reason: response["x-hvc-reason"] ?? "no reason is given")
    }
}

extension APIClient {
    /// Makes a call that takes no body.
    ///
    /// The parameters are those of ``call(_:id:query:body:wait:within:)``.
    package func call<Answer>(
        _ endpoint: Endpoint<NoBody, Answer>,
        id: Int? = nil,
        query: String? = nil,
        wait: Int = 60,
        within limit: Duration = .seconds(90)
    ) async throws(ClientError) -> Outcome<Answer> {
        try await call(endpoint, id: id, query: query, body: NoBody(), wait: wait, within: limit)
    }
}

extension APIClient.Outcome {
    /// The answer of a job that is done.
    ///
    /// - Throws: `ClientError` where it goes on, or what it made is no more.
    package var answer: Answer {
        get throws(ClientError) {
            switch self {
            case .done(let answer): answer
            case .accepted: throw .timedOut
            case .gone(let vm): throw .gone(vm)
            }
        }
    }
}
