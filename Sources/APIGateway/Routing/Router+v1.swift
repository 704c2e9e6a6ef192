import API
import Hummingbird
import Model
import Store

/// A request for a call under `/v1/` that has passed all checks of its endpoint's description.
struct V1Call<Body: APIRequest>: Sendable {
    let endpoint: EndpointDescription
    let body: Body
    let query: QueryArguments
    let request: Request
    let context: GatewayContext

    /// The id of the request in logs and jobs.
    var requestID: String { context.requestID }

    /// How long the caller waits for an outcome: by `?wait=N`, or else by `Prefer: wait=N` (RFC 7240); zero without them.
    func wait() throws(Failure) -> Duration {
        let preferred = request.headers[.prefer].flatMap(Self.wait)
        let asked = try query.number(QueryParameter.wait.name, in: 0...QueryParameter.longestWait)
        return .seconds(asked ?? min(preferred ?? 0, QueryParameter.longestWait))
    }

    /// The seconds of the preference `wait`; nil where there is none, or none that can be read, which is ignored.
    private static func wait(in preferences: String) -> Int? {
        preferences.lowercased().split(separator: ",").lazy.compactMap { preference in
            let parts = preference.split(separator: "=").map { $0.filter { $0 != " " && $0 != "\"" && $0 != "\t" } }
            return parts.count == 2 && parts[0] == "wait" ? Int(parts[1]).flatMap { $0 >= 0 ? $0 : nil } : nil
        }.first
    }

    /// The client's own key for the request; nil where it gave none.
    func idempotencyKey() throws(Failure) -> IdempotencyKey? {
        guard let text = request.headers[.idempotencyKey] else { return nil }
        guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Failure(
                .invalidRequest,
                "the header Idempotency-Key must be 1 to 128 characters of printable ASCII without blanks, given once"
            )
        }
        var fingerprint = RequestFingerprint()
        fingerprint.add(request.uri.path.utf8)
        // How long the client waits, and for what, makes no other request of it.
        for (name, value) in query.sorted where ![QueryParameter.wait.name, "wait_for"].contains(name) {
            fingerprint.add(name.utf8)
            fingerprint.add(value.utf8)
        }
        fingerprint.add(try JSONBody.bytes(body).readableBytesView)
        return IdempotencyKey(
            text,
            of: endpoint.name,
            by: context.caller?.token,
            fingerprint: fingerprint.text
        )
    }

    /// The number in the path, by what stands in its place in the table of calls.
    func identifier<Entity>(_ name: String = "id") throws(Failure) -> Identifier<Entity> {
        try context.identifier(name)
    }

    /// The number in the path, or the name in place of it: digits are always a number.
    func reference<Entity>() throws(Failure) -> ObjectReference<Entity> {
        let text = context.parameters.get("id") ?? ""
        guard !text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return .number(try identifier()) }
        return .name(try PercentEncoding.decoded(text))
    }

    /// The versions of which the object must have one; nil where any will do.
    var requiredVersions: [String]? { EntityTag.versions(in: request.headers[.ifMatch]) }

    /// The same of an object whose tag names what is found of it, too: what stands before the dash.
    var requiredSettings: [String]? { requiredVersions?.map { $0.prefix { $0 != "-" }.description } }
}

/// What a path calls an object by.
enum ObjectReference<Entity>: Sendable {
    case number(Identifier<Entity>)
    case name(String)
}

extension Router where Context == GatewayContext {
    /// Adds a call under `/v1/`: its failures answer a problem document.
    ///
    /// Unknown arguments are refused: `DELETE …?dry_run=true` must not delete.
    func v1<Body, Object>(
        _ endpoint: Endpoint<Body, Object>,
        _ handler: @escaping @Sendable (V1Call<Body>) async throws(Failure) -> V1Response<Object>
    ) {
        v1(endpoint) { (call) async throws(Failure) in Answer.ready(try await handler(call)) }
    }

    /// Adds a call under `/v1/` whose answer may have to wait.
    func v1<Body, Object>(
        _ endpoint: Endpoint<Body, Object>,
        _ handler: @escaping @Sendable (V1Call<Body>) async throws(Failure) -> Answer<V1Response<Object>>
    ) {
        let endpoint = endpoint.description
        let (parameters, form) = (endpoint.path.parameters, Schema(of: Body.self))
        let takesNames = endpoint.namedObject != nil
        for method in endpoint.methods {
            on(RouterPath(endpoint.path.description), method: method.http) { request, context in
                let requestID = context.requestID
                @Sendable func failed(_ failure: Failure) -> Response {
                    let failure = failure.pointing(into: form)
                    return Problem(failure, request: requestID).response(for: failure)
                }
                do throws(Failure) {
                    try context.refuseUnknownAction(of: request)
                    try context.checkRight(to: endpoint)
                    let query = try QueryArguments(query: request.uri.query ?? "", of: endpoint.query)
                    if !takesNames { try context.checkNumbers(parameters) }
                    try endpoint.checkConditions(of: request)
                    try endpoint.checkIdempotencyKey(of: request)
                    let body: Body = try await JSONBody.read(request, form: form)
                    let call = V1Call(
                        endpoint: endpoint,
                        body: body,
                        query: query,
                        request: request,
                        context: context
                    )
                    let answer = try await context.audited(endpoint, by: method) { () async throws(Failure) in
                        try await handler(call)
                    }
                    return context.response(
                        answer,
                        { EntityTag.notModified($0.response, request) },
                        failed: failed
                    )
                } catch {
                    return failed(error)
                }
            }
        }
    }
}

extension EndpointDescription {
    /// Refuses a key with a change that would not heed it: its client would believe that a repetition changes nothing.
    fileprivate func checkIdempotencyKey(of request: Request) throws(Failure) {
        guard request.headers[.idempotencyKey] != nil, request.method != .get, !takesIdempotencyKey else { return }
        throw Failure(
            .notSupported,
            "this call takes no Idempotency-Key, since it makes no job with which the key is kept: send it without, and "
                + "read what there is before you repeat it"
        )
    }
}

extension Failure {
    /// The same failure, with the place in the body that names what there is not.
    fileprivate func pointing(into form: Schema) -> Failure {
        let fields: [FailureCode: String] = [
            .unknownType: "instance_type", .unknownImage: "image_id", .unknownHold: "hold_id",
            .unknownSSHKey: "ssh_keys",
        ]
        guard pointer == nil, let field = fields[code], form[field: field] != nil else { return self }
        return pointed(JSONPointer.text([field]))
    }
}

extension GatewayContext {
    /// The number of ours that stands in this place of the path.
    fileprivate func identifier<Entity>(_ name: String) throws(Failure) -> Identifier<Entity> {
        let text = parameters.get(name) ?? ""
        guard let identifier = Identifier<Entity>(text) else {
            throw Failure(.invalidRequest, "'\(text.prefix(40))' in the path is no number from 1 to \(1 << 53)")
        }
        return identifier
    }

    /// Checks the numbers in the path before the body is read.
    fileprivate func checkNumbers(_ names: [String]) throws(Failure) {
        for name in names { _ = try identifier(name) as VMID }
    }

    /// Refuses `/v1/pms/1:dance`, which would otherwise be read as the PM `1:dance`.
    fileprivate func refuseUnknownAction(of request: Request) throws(Failure) {
        if parameters.contains(where: { $0.value.contains(":") }) { throw .unknownCall(request) }
    }
}
