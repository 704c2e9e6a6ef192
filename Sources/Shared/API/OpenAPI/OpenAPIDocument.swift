import Model

/// The description of all calls (OpenAPI 3.1), made from the endpoints and the types of their bodies.
package enum OpenAPIDocument {
    /// The document for this version of the program.
    package static func json(version: String) -> JSONValue {
        var schemas: [String: JSONValue] = [:]
        Schema(of: Problem.self).collect(into: &schemas)
        for endpoint in Endpoints.all {
            for form in endpoint.statuses.flatMap(endpoint.forms) { form.collect(into: &schemas) }
            if let body = endpoint.body, !endpoint.takesBytes { schemas[Schema(of: body).name] = definition(of: body) }
        }
        var paths: [String: [String: JSONValue]] = [:]
        for endpoint in Endpoints.all {
            for method in endpoint.methods {
                paths[endpoint.path.description, default: [:]][method.rawValue.lowercased()] = operation(
                    endpoint,
                    method
                )
            }
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Hypervisor-Coordinator", "version": .string(version),
                "summary": "Virtual machines on physical machines that are reached over ssh and libvirt.",
            ],
            "paths": .object(paths.mapValues { .object($0) }),
            "components": [
                "schemas": .object(schemas), "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
            ],
            // Without a token configured, calls need none.
            "security": [["token": []], [:]],
        ]
    }

    private static func operation(_ endpoint: EndpointDescription, _ method: HTTPMethod) -> JSONValue {
        // A call that takes two methods is two operations, whose names must differ.
        let suffix = endpoint.methods.first == method ? "" : "By" + method.rawValue.capitalizedWord
        var operation: [String: JSONValue] = [
            "operationId": .string(endpoint.name + suffix), "summary": .string(endpoint.summary),
            "responses": .object(responses(endpoint)), "tags": [.string(endpoint.tag)],
        ]
        let parameters = parameters(endpoint)
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let body = endpoint.body {
            operation["requestBody"] = [
                "required": true,
                "content": endpoint.takesBytes
                    ? ["application/octet-stream": ["schema": ["type": "string", "minLength": 1]]]
                    : ["application/json": ["schema": Schema(of: body).reference]],
            ]
        }
        if !endpoint.needsToken { operation["security"] = [] }
        return .object(operation)
    }

    /// The form of a body, whose objects have no other fields than these.
    private static func definition(of body: any APIRequest.Type) -> JSONValue {
        guard case .object(var definition) = Schema(of: body).closed else { return [:] }
        let choices = body.choices.map { choice -> JSONValue in
            let others = choice.without.map { name -> JSONValue in ["required": [.string(name)]] }
            return ["required": .array(choice.with.map { .string($0) }), "not": ["anyOf": .array(others)]]
        }
        if !choices.isEmpty { definition["oneOf"] = .array(choices) }
        return .object(definition)
    }

    private static func parameters(_ endpoint: EndpointDescription) -> [JSONValue] {
        let inPath = endpoint.path.parameters.map { name -> JSONValue in
            let number = QueryParameter.identifier(name).schema
            let text = Schema.pattern(TextPattern.nameInPath, longest: VMName.maximumBytes).definition
            let schema: JSONValue =
                switch endpoint.namedObject {
                case nil: number
                case .project: ProjectName.schema.definition
                case .sshKey: SSHKeyName.schema.definition
                case .vm, .pm, .image: ["anyOf": [number, text]]
                }
            return ["name": .string(name), "in": "path", "required": true, "schema": schema]
        }
        let inQuery = endpoint.query.map { argument -> JSONValue in
            let schema = endpoint.pattern(of: argument).map { pattern -> JSONValue in
                ["type": "string", "pattern": .string(pattern)]
            }
            let form = schema ?? argument.schema
            return [
                "name": .string(argument.name), "in": "query", "required": .boolean(argument.isRequired),
                "schema": argument.isRepeatable ? ["type": "array", "items": form] : form,
            ]
        }
        let prefer: JSONValue = [
            "name": "Prefer", "in": "header", "required": false, "schema": ["type": "string"],
            "description": "wait=N: as the argument wait; respond-async is taken (RFC 7240)",
        ]
        let key: JSONValue = [
            "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": ["type": "string", "pattern": "^[!-~]{1,128}$"],
            "description": "of several requests with the same key one is accepted; kept for a day",
        ]
        return inPath + inQuery + (endpoint.takesIdempotencyKey ? [prefer, key] : [])
            + (endpoint.isConditional ? [ifMatch] : []) + (endpoint.isStream ? [lastEventID] : [])
            + (endpoint.hasStreamForm ? [lastOffset] : [])
    }

    private static let lastEventID: JSONValue = [
        "name": "Last-Event-ID", "in": "header", "required": false,
        "schema": ["type": "string", "pattern": .string(TextPattern.eventID)],
        "description": "the last event that the client has, in place of since",
    ]
    private static let lastOffset: JSONValue = [
        "name": "Last-Event-ID", "in": "header", "required": false,
        "schema": ["type": "string", "pattern": "^[0-9]{1,15}$"],
        "description": "the offset up to which the client has all, in place of offset",
    ]
    private static let ifMatch: JSONValue = [
        "name": "If-Match", "in": "header", "required": false, "schema": ["type": "string"],
        "description": "the ETag that the object must have (RFC 9110, 13.1.1)",
    ]

    private static func responses(_ endpoint: EndpointDescription) -> [String: JSONValue] {
        var responses: [String: JSONValue] = [:]
        for status in endpoint.statuses {
            let forms = endpoint.forms(with: status)
            responses["\(status)"] = answer(
                meaning(of: status),
                endpoint.mediaType,
                forms.count == 1 ? forms[0].reference : ["anyOf": .array(forms.map(\.reference))],
                job: endpoint.makesJob,
                isStream: endpoint.isStream || endpoint.hasStreamForm
            )
        }
        switch endpoint.style {
        case .v1:
            responses["default"] = answer("A failure", "application/problem+json", Schema(of: Problem.self).reference)
        case .legacy(let failing):
            responses["default"] = answer("A failure", "application/json", ["const": constant(failing)])
        case .service: responses["default"] = answer("A failure", "application/json", ["const": 0])
        }
        return responses
    }

    private static func answer(
        _ meaning: String,
        _ type: String,
        _ schema: JSONValue,
        job: Bool = false,
        isStream: Bool = false
    ) -> JSONValue {
        var headers: [String: JSONValue] = ["X-Request-Id": ["schema": ["type": "string"]]]
        if job { headers["X-HVC-Job"] = ["schema": ["type": "string"]] }
        if meaning == "A failure" {
            for name in ["X-HVC-Code", "X-HVC-Reason"] { headers[name] = ["schema": ["type": "string"]] }
        }
        var content: [String: JSONValue] = [type: ["schema": schema]]
        if isStream { content["text/event-stream"] = ["schema": ["type": "string"]] }
        return [
            "description": .string(meaning), "content": .object(content),
            "headers": .object(headers),
        ]
    }

    private static func meaning(of status: Int) -> String {
        switch status {
        case 201: "Made"
        case 202: "Accepted; the job goes on"
        case 503: "Not ready"
        default: "Done"
        }
    }

    /// What a call of the legacy API answers where it fails: `0`, or an object with one field that is 0.
    private static func constant(_ text: String) -> JSONValue {
        guard text != "0", let name = text.split(separator: "\"").dropFirst().first else { return 0 }
        return .object([String(name): 0])
    }
}

extension EndpointDescription {
    /// The forms that its answer with a status may have: with `fields`, any of the fields.
    fileprivate func forms(with status: Int) -> [Schema] {
        let forms = answers(with: status).map { Schema(of: $0) }
        return query.contains { $0.name == "fields" } ? forms + forms.prefix(1).map(\.selection) : forms
    }

    /// What an argument's text matches; nil for any, and for one that is no text.
    fileprivate func pattern(of argument: QueryParameter) -> String? {
        let form = Schema(of: answer)
        let object: Schema = if case .list(let item, _) = form[field: "items"] { item } else { form }
        switch argument.name {
        case "fields": return object.fieldNames.map(TextPattern.list)
        case "cursor":
            let isNumbered =
                if case .integer = object[field: "id"] ?? object[field: "number"] { true } else { false }
            return TextPattern.cursor(of: name, isNumbered: isNumbered)
        default: return argument.pattern
        }
    }

    fileprivate var tag: String {
        switch style {
        case .legacy: "legacy"
        case .v1: "v1"
        case .service: "service"
        }
    }
}

extension QueryParameter {
    fileprivate var schema: JSONValue {
        switch kind {
        case .text: ["type": "string"]
        case .identifier: Schema.integer(1...(1 << 53)).definition
        case .flag: ["type": "boolean"]
        case .number(let range): Schema.integer(range).definition
        case .word(let words): Schema.string(oneOf: words).definition
        }
    }
}

extension Schema {
    /// What stands where the form is used: an object's definition stands once, under its name.
    fileprivate var reference: JSONValue {
        if case .object(let name, _) = self { ["$ref": .string("#/components/schemas/\(name)")] } else { definition }
    }

    fileprivate var definition: JSONValue {
        switch self {
        case .object(_, let fields):
            let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
            var definition: [String: JSONValue] = [
                "type": "object",
                "properties": .object(Dictionary(fields.map { ($0.name, $0.schema.reference) }) { first, _ in first }),
            ]
            if !required.isEmpty { definition["required"] = .array(required) }
            return .object(definition)
        case .map(let value, _): return ["type": "object", "additionalProperties": value.reference]
        case .list(let element, let count): return Self.array(of: element.reference, count)
        case .string(let words):
            return words.isEmpty ? ["type": "string"] : ["type": "string", "enum": .array(words.map { .string($0) })]
        case .pattern(let pattern, let longest):
            return ["type": "string", "pattern": .string(pattern), "maxLength": .integer(longest)]
        case .integer(let range):
            guard let range else { return ["type": "integer"] }
            return ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
        case .number: return ["type": "number"]
        case .boolean: return ["type": "boolean"]
        case .any: return [:]
        }
    }

    /// The form of what a request sends: it has no fields but these, and stands here whole.
    fileprivate var closed: JSONValue {
        switch self {
        case .object(_, let fields):
            guard case .object(var definition) = definition else { return definition }
            definition["properties"] = .object(
                Dictionary(fields.map { ($0.name, $0.schema.closed) }) { first, _ in first }
            )
            definition["additionalProperties"] = false
            return .object(definition)
        case .map(let value, let most):
            // What people name in a request are labels: of VMs, groups.
            var definition: [String: JSONValue] = [
                "type": "object", "additionalProperties": value.closed, "propertyNames": Schema.label.definition,
            ]
            if let most { definition["maxProperties"] = .integer(most) }
            return .object(definition)
        case .list(let element, let count): return Self.array(of: element.closed, count)
        case .string, .pattern, .integer, .number, .boolean, .any: return definition
        }
    }

    private static func array(of items: JSONValue, _ count: ClosedRange<Int>?) -> JSONValue {
        guard let count else { return ["type": "array", "items": items] }
        return [
            "type": "array", "items": items, "minItems": .integer(count.lowerBound),
            "maxItems": .integer(count.upperBound),
        ]
    }

    /// The name of an object's form; empty for others.
    fileprivate var name: String { if case .object(let name, _) = self { name } else { "" } }

    /// Adds the definitions of the objects in it.
    fileprivate func collect(into definitions: inout [String: JSONValue]) {
        switch self {
        case .object(let name, let fields):
            definitions[name] = definition
            for field in fields { field.schema.collect(into: &definitions) }
        case .map(let inner, _), .list(let inner, _): inner.collect(into: &definitions)
        case .string, .pattern, .integer, .number, .boolean, .any: return
        }
    }
}

extension String {
    fileprivate var capitalizedWord: String { prefix(1).uppercased() + dropFirst().lowercased() }
}
