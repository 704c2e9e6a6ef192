import API
import Foundation
import Testing

@Suite("The OpenAPI document")
struct OpenAPIDocumentTests {
    private let document = OpenAPIDocument.json(version: "1")

    private func members(_ value: JSONValue?) -> [String: JSONValue] {
        if case .object(let members) = value { members } else { [:] }
    }

    private func elements(_ value: JSONValue?) -> [JSONValue] {
        if case .array(let elements) = value { elements } else { [] }
    }

    @Test("Every call of the table is an operation with its parameters, body and answers, and no other is")
    func operations() throws {
        var operations = members(document["paths"]).flatMap { path, item in
            members(item).keys.map { "\($0.uppercased()) \(path)" }
        }
        for call in Endpoints.all {
            for method in call.methods {
                let operation = document["paths"]?[call.path.description]?[method.rawValue.lowercased()]
                #expect(operation != nil, "\(call.name)")
                operations.removeAll { $0 == "\(method.rawValue) \(call.path)" }
                let named = elements(operation?["parameters"]).filter { $0["in"] != "header" }.compactMap { $0["name"] }
                #expect(named == (call.path.parameters + call.query.map(\.name)).map { .string($0) }, "\(call.name)")
                #expect((operation?["requestBody"] != nil) == (call.body != nil), "\(call.name)")
                let statuses = members(operation?["responses"]).keys.sorted()
                #expect(statuses == call.statuses.map(String.init).sorted() + ["default"], "\(call.name)")
            }
        }
        #expect(operations.isEmpty)
    }

    @Test("Operations have names of their own, and what is referred to is there")
    func references() throws {
        let names = members(document["paths"]).values.flatMap { members($0).values.compactMap { $0["operationId"] } }
        #expect(Set(names).count == names.count && names.count == Endpoints.all.flatMap(\.methods).count)
        let data = try JSONEncoder().encode(document)
        let text = String(decoding: data, as: UTF8.self).replacing("\\/", with: "/")
        let references = text.matches(of: /"#\/components\/schemas\/([A-Za-z]+)"/).map { String($0.1) }
        let schemas = members(document["components"]?["schemas"])
        #expect(Set(references) == Set(schemas.keys))
        for (name, schema) in schemas { #expect(schema["type"] == "object", "\(name)") }
    }

    @Test("Where an answer can be asked for by its fields, one with some of them is described, too")
    func selections() throws {
        for call in Endpoints.all where call.query.contains(where: { $0.name == "fields" }) {
            let answer = document["paths"]?[call.path.description]?["get"]?["responses"]?["200"]
            let forms = elements(answer?["content"]?["application/json"]?["schema"]?["anyOf"]).compactMap { form in
                if case .string(let text) = form["$ref"] {
                    text.split(separator: "/").last.map(String.init)
                } else {
                    nil
                }
            }
            let name = try #require(forms.first { $0.hasSuffix("Selection") }, "\(call.name)")
            let schemas = document["components"]?["schemas"]
            let items = schemas?[name]?["properties"]?["items"]?["items"]?["$ref"]
            guard case .string(let item) = items ?? .string(name) else { continue }
            let object = schemas?[String(item.split(separator: "/").last ?? "")]
            #expect(object?["required"] == nil && object?["properties"] != nil, "\(call.name)")
        }
    }
}
