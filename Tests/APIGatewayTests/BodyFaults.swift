import API
import Foundation

/// Bodies of a form that are wrong in one place each, in every way in which it can be wrong.
struct BodyFaults {
    /// A body, with the place that the answer must point at.
    struct Case: CustomStringConvertible {
        let description: String
        let bytes: [UInt8]
        let pointer: String
        var status = 400

        init(_ text: String, _ pointer: String, status: Int = 400) {
            self.init(Array(text.utf8), pointer, status: status)
        }

        init(_ bytes: [UInt8], _ pointer: String, status: Int = 400) {
            (description, self.bytes) = (String(decoding: bytes.prefix(200), as: UTF8.self), bytes)
            (self.pointer, self.status) = (pointer, status)
        }
    }

    let form: Schema

    /// Every place of the form, wrong in every way.
    func inPlaces() throws -> [Case] { try faults(of: form, at: []) }

    /// The body as a whole is wrong.
    func asWhole(limit: Int) -> [Case] {
        let deep = String(repeating: "[", count: 5000)
        let form = "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\na\r\n--x--\r\n"
        let texts = [
            "{", "}", "[]", "null", "5", "true", "\"a\"", "name=a&instance_type=1", "[NaN]", "[-Infinity]",
            "{'a':1}", "{}{}", "\u{FEFF}{}", "[\"\\ud800\"]", deep, form, "<a/>", "\u{1}",
        ]
        return texts.map { Case($0, "") } + [
            Case([0xFF, 0xFE], ""), Case([0x7B, 0x22, 0xC3, 0x22, 0x3A, 0x31, 0x7D], ""),
            Case(Array("{}".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }), ""),
            Case(Array(repeating: 0x20, count: limit + 1), "", status: 413),
        ]
    }

    // MARK: Places

    private func faults(of schema: Schema, at tokens: [String], isRequired: Bool = false) throws -> [Case] {
        let pointer = tokens.map { "/" + $0 }.joined()
        var cases = try wrong(schema).map { try Case(text(with: $0, at: tokens), pointer) }
        if isRequired { try cases.append(Case(text(with: nil, at: tokens), pointer)) }
        switch schema {
        case .object(_, let fields):
            try cases.append(Case(text(adding: "\"un~known/\":1", at: tokens), pointer + "/un~0known~1"))
            for field in fields {
                let place = tokens + [field.name]
                try cases.append(Case(text(adding: "\"\(field.name)\":1", at: tokens), pointer + "/" + field.name))
                cases += try faults(of: field.schema, at: place, isRequired: field.isRequired)
            }
        case .map(let value, _): cases += try faults(of: value, at: tokens + ["a"])
        case .list(let element, _): cases += try faults(of: element, at: tokens + ["0"])
        default: break
        }
        return cases
    }

    /// Values that the form does not have, as JSON.
    private func wrong(_ schema: Schema) -> [String] {
        let huge = "1" + String(repeating: "0", count: 400)
        return switch schema {
        case .object: ["null", "true", "1", "1.5", "\"a\"", "[]"]
        case .map: ["null", "true", "1", "\"a\"", "[]"]
        case .list(_, let count):
            ["null", "true", "1", "\"a\"", "{}"] + ((count?.lowerBound ?? 0) > 0 ? ["[]"] : [])
        case .string(let words):
            ["null", "true", "1", "[]", "{}"] + (words.isEmpty ? [] : ["\"no such word\"", "\"\""])
        case .pattern(_, let longest):
            ["null", "true", "1", "[]", "{}", "\"" + String(repeating: "a", count: longest + 1) + "\""]
        case .integer(let range):
            ["null", "true", "\"1\"", "[]", "{}", "1.5", "1e400", "-1e400", huge, "-9007199254740993"]
                + (range.map { ["\($0.lowerBound - 1)", "\($0.upperBound + 1)"] } ?? [])
        case .number: ["null", "true", "\"1\"", "[]", "{}", "1e400", huge]
        case .boolean: ["null", "1", "\"true\"", "[]", "{}"]
        case .any: []
        }
    }

    // MARK: Texts

    private static let mark = JSONValue.string("@@")

    /// A whole body with this text in a place; without the place where there is none.
    private func text(with raw: String?, at tokens: [String]) throws -> String {
        let body = changed(sample(form), tokens[...]) { _ in raw == nil ? nil : Self.mark }
        return try json(body).replacing("\"@@\"", with: raw ?? "")
    }

    /// A whole body with one more member in an object.
    private func text(adding member: String, at tokens: [String]) throws -> String {
        let body = changed(sample(form), tokens[...]) { value in
            guard case .object(var members) = value else { return value }
            // Sorted behind all others.
            members["~~"] = Self.mark
            return .object(members)
        }
        return try json(body).replacing("\"~~\":\"@@\"", with: member)
    }

    private func json(_ value: JSONValue?) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private func changed(
        _ value: JSONValue,
        _ tokens: ArraySlice<String>,
        _ change: (JSONValue) -> JSONValue?
    ) -> JSONValue? {
        guard let token = tokens.first else { return change(value) }
        switch value {
        case .object(var members):
            members[token] = members[token].flatMap { changed($0, tokens.dropFirst(), change) }
            return .object(members)
        case .array(let elements): return .array(elements.compactMap { changed($0, tokens.dropFirst(), change) })
        default: return value
        }
    }

    /// A value of a form, with all of its fields.
    private func sample(_ schema: Schema) -> JSONValue {
        switch schema {
        case .object(_, let fields):
            .object(Dictionary(fields.map { ($0.name, sample($0.schema)) }) { first, _ in first })
        case .map(let value, _): .object(["a": sample(value)])
        case .list(let element, _): .array([sample(element)])
        case .string(let words): .string(words.first ?? "a")
        case .pattern: .string("a")
        case .integer(let range): .integer(range?.lowerBound ?? 1)
        case .number: .integer(1)
        case .boolean: .boolean(true)
        case .any: .string("a")
        }
    }
}
