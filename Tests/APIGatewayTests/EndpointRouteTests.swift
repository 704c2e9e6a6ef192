import API
import Foundation
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

/// Goes over the table of calls, so that a new one is tested from its entry on.
@Suite("Every call of the table is routed, and refuses what its entry does not have")
struct EndpointRouteTests {
    /// The path of a call about object 77, which there is not.
    private func path(_ call: EndpointDescription, _ id: String = "77") -> String { call.path.filled(with: id) }

    private func expectNothingDone(_ gateway: InProcessGateway) async throws {
        #expect(try await gateway.store.redis.send(["LLEN", "hvc:queue"]).int == 0)
        #expect(try await gateway.store.redis.send(["KEYS", "hvc:job:*"]).array?.isEmpty == true)
    }

    @Test("Each is there, by all of its methods")
    func routed() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "0"]) { gateway in
            try await gateway.fill()
            for call in Endpoints.all {
                for method in call.methods {
                    let body = call.body.map { Schema(of: $0).valid.text }
                    // A stream would go on for ever.
                    let target = path(call) + (call.isStream ? "?wait=0" : "")
                    let answer = try await gateway.http.call(target, method: method.rawValue, body: body)
                    let code = answer.headers["x-hvc-code"]
                    #expect(code != "unknown_call" && code != "method_not_allowed", "\(call.name): \(answer)")
                    #expect(answer.headers["x-request-id"]?.isEmpty == false)
                }
            }
        }
    }

    @Test("Any other method is refused with those that the path takes")
    func methods() async throws {
        let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND"]
        try await InProcessGateway.with { gateway in
            for path in Set(Endpoints.all.map(\.path)) {
                let calls = Endpoints.all.filter { $0.path == path }
                let taken = calls.flatMap(\.methods).map(\.rawValue)
                for method in methods where !taken.contains(method) {
                    let answer = try await gateway.http.call(path.filled(with: "1"), method: method)
                    #expect(
                        answer.status == 405 && answer.headers["x-hvc-code"] == "method_not_allowed",
                        "\(method) \(path)"
                    )
                    #expect(answer.headers["allow"] == taken.joined(separator: ", "), "\(method) \(path)")
                    let isProblem = answer.headers["content-type"] == "application/problem+json"
                    #expect(isProblem == (calls[0].style == .v1), "\(method) \(path)")
                }
            }
            try await expectNothingDone(gateway)
        }
    }

    @Test("An argument that the call does not have, or twice, is refused")
    func arguments() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "0"]) { gateway in
            try await gateway.fill()
            for call in Endpoints.all where call.style != .service {
                let known = call.query.map { "\($0.name)=1" }
                for query in [known + ["surprise=1"], known + known, ["%zz"]] where !query.isEmpty {
                    let target = path(call) + "?" + query.joined(separator: "&")
                    let body = call.body.map { Schema(of: $0).valid.text }
                    let answer = try await gateway.http.call(target, method: call.methods[0].rawValue, body: body)
                    #expect(
                        answer.status == 400 && answer.headers["x-hvc-code"] == "invalid_request",
                        "\(target): \(answer)"
                    )
                    if case .legacy(let failing) = call.style {
                        #expect(answer.body == failing, "\(target): \(answer)")
                    }
                }
            }
            try await expectNothingDone(gateway)
        }
    }

    @Test("A number in the path is one of ours; of one that there is not the answer is 404")
    func numbers() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "0"]) { gateway in
            try await gateway.fill()
            for call in Endpoints.all where !call.path.parameters.isEmpty {
                let body = call.body.map { Schema(of: $0).valid.text }
                let method = call.methods[0].rawValue
                // Of the fields there are only some.
                let arguments = call.query.filter { !["fields", "console_match"].contains($0.name) }
                let query = arguments.map { "\($0.name)=\($0.sample)" }.joined(separator: "&")
                for id in ["0", "%FF", "-1", "x", "1.0", "%31%20", "99999999999999999999"] {
                    // What is no number may be a name, where there are names.
                    let isName = call.namedObject != nil && !["0", "%FF", "99999999999999999999"].contains(id)
                    let target = path(call, id) + "?" + query
                    let answer = try await gateway.http.call(target, method: method, body: body)
                    #expect(answer.status == (isName ? 404 : 400), "\(call.name) \(id): \(answer)")
                    let code = answer.headers["x-hvc-code"] ?? ""
                    #expect(
                        isName ? code.hasPrefix("unknown_") : code == "invalid_request",
                        "\(call.name) \(id): \(answer)"
                    )
                }
                let answer = try await gateway.http.call(path(call) + "?" + query, method: method, body: body)
                #expect(answer.status == 404, "\(call.name): \(answer)")
                #expect(answer.headers["x-hvc-code"]?.hasPrefix("unknown_") == true, "\(call.name): \(answer)")
                let unknown = try await gateway.http.call(path(call) + ":dance", method: method, body: body)
                #expect(unknown.headers["x-hvc-code"] == "unknown_call", "\(call.name): \(unknown)")
            }
            try await expectNothingDone(gateway)
        }
    }

    @Test("A body has all fields that it must have, each of its kind, and no others")
    func bodies() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "0"]) { gateway in
            for call in Endpoints.all {
                guard let type = call.body, !call.takesBytes else { continue }
                for (text, word) in Schema(of: type).wrongTexts {
                    let answer = try await gateway.http.call(path(call), method: call.methods[0].rawValue, body: text)
                    #expect(answer.status == 400, "\(call.name) \(text): \(answer)")
                    #expect(answer.body.contains(word), "\(call.name) \(text): \(answer)")
                    let problem = try JSONDecoder().decode(Problem.self, from: Data(answer.body.utf8))
                    #expect(problem.code == "invalid_request" && problem.status == 400)
                    for leak in ["Swift", "Int", "Codable", "Parsed", "given data"] {
                        #expect(!answer.body.contains(leak), "\(call.name) \(text): \(answer)")
                    }
                }
            }
            try await expectNothingDone(gateway)
        }
    }

    @Test("A whole number may be written with a fraction of zero or an exponent, as JSON Schema has it")
    func wholeNumbers() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            for (count, decisions) in [("1.0", 1), ("2e0", 2), ("0.3e1", 3)] {
                let body = #"{"instance_type":1.0,"count":\#(count)}"#
                let answer = try await gateway.http.call("/v1/placements:dry-run", method: "POST", body: body)
                let value = try JSONDecoder().decode(DryRunResponse.self, from: Data(answer.body.utf8))
                #expect(answer.status == 200 && value.decisions.count == decisions)
            }
        }
    }
}

extension QueryParameter {
    /// A value that the call takes.
    fileprivate var sample: String {
        switch kind {
        case .text: "a"
        case .identifier: "1"
        case .flag: "true"
        case .word(let words): words[0]
        case .number(let range): "\(range.lowerBound)"
        }
    }
}

extension JSONValue {
    var text: String {
        switch self {
        case .object(let members): "{" + members.map { "\"\($0.key)\":" + $0.value.text }.joined(separator: ",") + "}"
        case .array(let values): "[" + values.map(\.text).joined(separator: ",") + "]"
        case .string(let text): "\"\(text)\""
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .boolean(let flag): "\(flag)"
        case .null: "null"
        }
    }
}

extension Schema {
    /// A value of this form.
    var valid: JSONValue {
        switch self {
        case .object(_, let fields):
            .object(Dictionary(fields.filter(\.isRequired).map { ($0.name, $0.schema.valid) }) { first, _ in first })
        case .map: .object([:])
        case .list: .array([])
        case .string(let words): .string(words.first ?? "a")
        case .pattern: .string("a")
        case .integer(let range): .integer(range?.lowerBound ?? 1)
        case .number: .number(1.5)
        case .boolean: .boolean(true)
        case .any: .null
        }
    }

    /// Values of other kinds, with a word that stands in what is said of them.
    private var wrong: [(text: String, word: String)] {
        switch self {
        case .object, .map: [("[]", "is no object"), ("7", "is no object")]
        case .list: [("{}", "is no list"), (#""a""#, "is no list")]
        case .pattern: [("7", "is no text"), ("[]", "is no text")]
        case .string(let words): [("7", "is no text")] + (words.isEmpty ? [] : [(#""none of them""#, words[0])])
        case .integer:
            [
                (#""1""#, "is no whole number"), ("1.5", "is no whole number"), ("true", "is no whole number"),
                ("12345678901234567890123", "beyond 9007199254740992"), ("-9007199254740993000", "beyond"),
                ("1e999", "beyond"),
            ]
        case .number, .boolean, .any: []
        }
    }

    /// Objects that are not of this form, each in one way.
    var wrongTexts: [(text: String, word: String)] {
        guard case .object(_, let fields) = self, case .object(let members) = valid else { return [] }
        var texts = [
            ("{", "no JSON"), ("[]", "is no object"), ("", "no JSON"), ("7", "is no object"),
            (JSONValue.object(members.merging(["surprise": 1]) { first, _ in first }).text, "surprise"),
        ]
        for field in fields {
            if field.isRequired {
                texts.append(
                    (JSONValue.object(members.filter { $0.key != field.name }).text, "\(field.name) is missing")
                )
            }
            let others = members.filter { $0.key != field.name }.map { ",\"\($0.key)\":" + $0.value.text }.joined()
            let inner = field.schema.wrongTexts.filter { $0.text.hasPrefix("{\"") }
            for (text, word) in field.schema.wrong + inner {
                texts.append(("{\"\(field.name)\":\(text)\(others)}", word))
            }
        }
        return texts
    }
}
