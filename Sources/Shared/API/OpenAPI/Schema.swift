package import Model

/// The form of a JSON value.
package indirect enum Schema: Hashable, Sendable {
    /// An object with these fields; the name of its type for documents.
    case object(name: String, [Field])
    /// An object whose fields have any names.
    case map(Schema, most: Int? = nil)
    /// So many of a form; nil for any number.
    case list(Schema, count: ClosedRange<Int>? = nil)
    case string(oneOf: [String] = [])
    /// A string that matches a regular expression, and has so many characters at most.
    case pattern(String, longest: Int)
    case integer(ClosedRange<Int>? = nil)
    case number
    case boolean
    case any

    package struct Field: Hashable, Sendable {
        package let name: String
        package let schema: Schema
        package let isRequired: Bool
    }

    /// The form of a field; nil where the value has none of this name.
    package subscript(field name: String) -> Schema? {
        switch self {
        case .object(_, let fields): fields.first { $0.name == name }?.schema
        case .map(let value, _): value
        case .any: .any
        case .list, .string, .pattern, .integer, .number, .boolean: nil
        }
    }

    /// The names of an object's fields; nil where it may have any.
    package var fieldNames: [String]? {
        if case .object(_, let fields) = self { fields.map(\.name) } else { nil }
    }
}

extension Schema {
    /// The form of an answer with some of the fields: those of an object, or of the objects of a page.
    var selection: Schema {
        guard case .object(let name, let fields) = self else { return self }
        guard case .list(let item, _) = self[field: "items"] else {
            let optional = fields.map { Field(name: $0.name, schema: $0.schema, isRequired: false) }
            return .object(name: name + "Selection", optional)
        }
        let others = fields.filter { $0.name != "items" }
        let items = Field(name: "items", schema: .list(item.selection), isRequired: true)
        return .object(name: name + "Selection", [items] + others)
    }
}

/// A type with fields whose values are limited further than by their types.
package protocol FieldForms {
    /// The forms of such fields, by their names.
    static var forms: [String: Schema] { get }
}

extension Schema {
    /// What `VMName` takes.
    static let name = pattern(TextPattern.name, longest: VMName.maximumBytes)
    /// What `VMNotes` takes.
    static let description = pattern(TextPattern.description, longest: VMNotes.longestDescription)
    /// What `Label` takes.
    static let label = pattern(TextPattern.label, longest: 64)
    /// A time as RFC 3339 writes it.
    static let time = pattern(TextPattern.time, longest: 40)
}

extension PlacementConstraints: FieldForms {
    package static let forms: [String: Schema] = [
        "architecture": .label, "tags": .list(.label, count: 0...mostTags),
        "not_tags": .list(.label, count: 0...mostTags),
        "not_pms": .list(PMID.schema, count: 0...mostPMs), "groups": .map(GroupRule.schema, most: mostGroups),
    ]
}

/// A type that describes its own form, since it does not follow from the fields that it decodes.
package protocol SchemaDescribed {
    static var schema: Schema { get }
    /// A valid value, for recording types that have a field of this one.
    static var sample: Self? { get }
}

extension Identifier: SchemaDescribed {
    package static var schema: Schema { .integer(1...(1 << 53)) }
    package static var sample: Self? { Self(1) }
}

extension Array: SchemaDescribed where Element: Decodable {
    package static var schema: Schema { .list(Schema(of: Element.self)) }
    package static var sample: Self? { [] }
}

extension Dictionary: SchemaDescribed where Key == String, Value: Decodable {
    package static var schema: Schema { .map(Schema(of: Value.self)) }
    package static var sample: Self? { [:] }
}

extension GroupRule: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .affinity }
}

extension VMGone.State: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .gone }
}

extension JSONValue: SchemaDescribed {
    package static var schema: Schema { .any }
    package static var sample: Self? { .null }
}
