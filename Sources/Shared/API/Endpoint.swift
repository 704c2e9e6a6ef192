package import Model

/// A call of the API with the types of its body and its answer.
///
/// Routes, clients, the OpenAPI document and tests all come from these values, so none of them can differ from the others.
package struct Endpoint<Body: APIRequest, Answer: Codable & Sendable>: Sendable {
    package let description: EndpointDescription

    /// A call under `/v1/`.
    ///
    /// One that makes a job answers 202 with ``JobAccepted`` while it goes on; a caller may wait for its outcome. Where an
    /// object `mayBeGone`, ``VMGone`` stands in its place. One that `makesBatch`, and one that may make it, answers
    /// ``BatchResponse`` for several VMs, also while their jobs go on.
    package init(
        v1 name: String,
        _ method: HTTPMethod,
        _ path: PathTemplate,
        query: [QueryParameter] = [],
        status: Int = 200,
        makesJob: Bool = false,
        makesBatch: Bool = false,
        mayBeGone: Bool = false,
        isConditional: Bool = false,
        isStream: Bool = false,
        hasStreamForm: Bool = false,
        mediaType: String = "application/json",
        right: AccessRole? = nil,
        scope: EndpointScope = .installation,
        bodyLimit: Int = EndpointDescription.usualBodyLimit,
        _ summary: String
    ) {
        description = EndpointDescription(
            name: name,
            right: right ?? (method == .get ? .viewer : .op),
            scope: scope,
            style: .v1,
            methods: [method],
            path: path,
            query: makesJob || makesBatch ? query + [.wait] : query,
            statuses: makesJob || makesBatch ? [status, 202] : [status],
            body: Body.self == NoBody.self ? nil : Body.self,
            answer: Answer.self,
            mediaType: mediaType,
            mayBeGone: mayBeGone,
            makesBatch: makesBatch,
            isConditional: isConditional,
            isStream: isStream,
            hasStreamForm: hasStreamForm,
            bodyLimit: bodyLimit,
            summary: summary
        )
    }
}

extension Endpoint where Body == NoBody {
    /// A call of the legacy API: GET or POST, with all of its arguments in the query.
    package init(
        legacy name: String,
        _ path: PathTemplate,
        arguments: [QueryParameter] = [],
        failing: String = "0",
        makesJob: Bool = false,
        _ summary: String
    ) {
        description = EndpointDescription(
            name: name,
            right: makesJob ? .op : .viewer,
            scope: .project,
            style: .legacy(failing: failing),
            methods: [.get, .post],
            path: path,
            query: arguments,
            statuses: makesJob ? [200, 202] : [200],
            body: nil,
            answer: Answer.self,
            summary: summary
        )
    }

    /// A call for those who run the gateway or write clients: GET, without arguments.
    package init(
        service name: String,
        _ path: PathTemplate,
        statuses: [Int] = [200],
        mediaType: String = "application/json",
        needsToken: Bool = true,
        _ summary: String
    ) {
        description = EndpointDescription(
            name: name,
            right: .viewer,
            scope: .installation,
            style: .service,
            methods: [.get],
            path: path,
            query: [],
            statuses: statuses,
            body: nil,
            answer: Answer.self,
            mediaType: mediaType,
            needsToken: needsToken,
            summary: summary
        )
    }
}

/// The description of a call without its generic types.
package struct EndpointDescription: Sendable {
    /// The conventions that a call follows.
    package enum Style: Hashable, Sendable {
        /// The legacy API: a failure answers a fixed text, with the reason in headers.
        case legacy(failing: String)
        /// The resource-style API: a failure answers a problem document.
        case v1
        /// For those who run the gateway: a failure answers `0`.
        case service
    }

    package let name: String
    /// What a caller must be to make the call.
    package let right: AccessRole
    package let scope: EndpointScope
    package let style: Style
    package let methods: [HTTPMethod]
    package let path: PathTemplate
    package let query: [QueryParameter]
    /// The statuses of success.
    package let statuses: [Int]
    /// Nil if the call takes no body.
    package let body: (any APIRequest.Type)?
    package let answer: any (Codable & Sendable).Type
    /// The media type of the answer.
    package var mediaType = "application/json"
    /// Whether it may answer that its object is no more.
    package var mayBeGone = false
    /// Whether it may answer with a batch.
    package var makesBatch = false
    package var needsToken = true
    /// Whether it changes an object and takes `If-Match` (RFC 9110, 13.1.1).
    package var isConditional = false
    /// Whether it answers server-sent events, too.
    package var isStream = false
    /// Whether it answers server-sent events to those who accept them, and ends by itself for others.
    package var hasStreamForm = false
    /// The most bytes that a body may have.
    package var bodyLimit = usualBodyLimit
    package let summary: String

    /// The most bytes that the bodies of most calls may have.
    package static let usualBodyLimit = 64 << 10

    /// Whether it makes a job, and so may answer 202.
    package var makesJob: Bool { statuses.contains(202) }

    /// Whether it takes `Idempotency-Key`: it makes jobs, with which the key is kept.
    package var takesIdempotencyKey: Bool { makesJob && style == .v1 }

    /// What it may answer with a status.
    package func answers(with status: Int) -> [any (Codable & Sendable).Type] {
        if style == .v1, status == 202 {
            return (answer == BatchResponse.self ? [] : [JobAccepted.self]) + (makesBatch ? [BatchResponse.self] : [])
        }
        return [answer] + (mayBeGone ? [VMGone.self] : [])
            + (makesBatch && answer != BatchResponse.self ? [BatchResponse.self] : [])
    }
}

/// What a call is about.
package enum EndpointScope: Hashable, Sendable {
    /// The objects of the caller's project, and what is no object of any: a token of one project may make it.
    case project
    /// The whole installation: only tokens of all projects may make it.
    case installation
}

/// A kind of object with names, by which a path may call it.
package enum NamedObject: String, Hashable, Sendable {
    case vm = "vms"
    case pm = "pms"
    case image = "images"
    case project = "projects"
    case sshKey = "ssh-keys"
}

extension EndpointDescription {
    /// What the path may call by its name; nil where it takes numbers alone.
    package var namedObject: NamedObject? {
        guard style == .v1, !path.parameters.isEmpty else { return nil }
        return path.description.split(separator: "/").dropFirst().first.flatMap { NamedObject(rawValue: String($0)) }
    }
}

/// An argument in the query of a call.
package struct QueryParameter: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case text
        case identifier
        case flag
        case number(ClosedRange<Int>)
        case word([String])
    }

    package let name: String
    package let kind: Kind
    package let isRequired: Bool
    /// Whether it may be given more than once.
    package let isRepeatable: Bool
    /// A regular expression that a text matches; nil for any text.
    package let pattern: String?

    private init(
        _ name: String,
        _ kind: Kind,
        isRequired: Bool = false,
        isRepeatable: Bool = false,
        matching pattern: String? = nil
    ) {
        (self.name, self.kind, self.pattern) = (name, kind, pattern)
        (self.isRequired, self.isRepeatable) = (isRequired, isRepeatable)
    }

    package static func text(_ name: String, matching pattern: String? = nil) -> Self {
        Self(name, .text, isRequired: true, matching: pattern)
    }
    package static func identifier(_ name: String) -> Self { Self(name, .identifier, isRequired: true) }
    package static func optional(_ name: String, matching pattern: String? = nil) -> Self {
        Self(name, .text, matching: pattern)
    }
    package static func optionalIdentifier(_ name: String) -> Self { Self(name, .identifier) }
    package static func repeatable(_ name: String, matching pattern: String? = nil) -> Self {
        Self(name, .text, isRepeatable: true, matching: pattern)
    }
    package static func flag(_ name: String) -> Self { Self(name, .flag) }
    package static func number(_ name: String, in range: ClosedRange<Int>) -> Self { Self(name, .number(range)) }
    package static func word(_ name: String, oneOf words: [String]) -> Self { Self(name, .word(words)) }

    /// The longest wait for an outcome, in seconds.
    package static let longestWait = 300
    /// How many seconds the caller waits for an outcome.
    package static let wait = number("wait", in: 0...longestWait)
}

/// The body of a request; fields that the type does not have are refused.
package protocol APIRequest: Codable, Sendable, FieldForms {
    /// Which fields go together; empty where any do.
    static var choices: [FieldChoice] { get }

    /// Refuses invalid values.
    ///
    /// - Throws: `Failure` with `invalidRequest` that names the field.
    func validate() throws(Failure)
}

extension APIRequest {
    package static var forms: [String: Schema] { [:] }
    package static var choices: [FieldChoice] { [] }
    package func validate() throws(Failure) {}
}

/// Fields that a body has, and others that it does not have with them: it makes one of several such choices.
package struct FieldChoice: Hashable, Sendable {
    package let with: [String]
    package let without: [String]
}

/// The body of a call that takes none.
package struct NoBody: APIRequest {
    package init() {}
}
