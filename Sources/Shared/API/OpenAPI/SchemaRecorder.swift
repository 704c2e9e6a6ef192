import Model

extension Schema {
    /// The form of a type, found by letting it decode itself and recording what it asks for.
    ///
    /// So the document always agrees with the decoding.
    ///
    /// - Parameter type: a type that decodes with the code that the compiler makes, or asks for all its fields.
    package init(of type: any Decodable.Type) {
        // A test sees to it that no type of an endpoint comes to this.
        do { self = try SchemaRecorder.schema(type) } catch { self = .any }
    }
}

/// A decoder without input: it records the fields that a type asks for, and returns samples.
final class SchemaRecorder: Decoder {
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = CodingUserInfoKey.formOfRequests.map { [$0: true] } ?? [:]
    private let type: any Decodable.Type
    private var fields: [Schema.Field] = []
    private var value: Schema?

    private init(_ type: any Decodable.Type) { self.type = type }

    static func schema<Value: Decodable>(_ type: Value.Type) throws -> Schema { try record(type).schema }

    /// The form of a type, with a value of it.
    static func record<Value: Decodable>(_ type: Value.Type) throws -> (schema: Schema, value: Value) {
        if let described = type as? any SchemaDescribed.Type {
            guard let sample = described.sample as? Value else { throw Unknown.form(of: type) }
            return (described.schema, sample)
        }
        let recorder = SchemaRecorder(type)
        let value = try Value(from: recorder)
        return (recorder.schema, value)
    }

    private var schema: Schema {
        if let value { return value }
        // A nested type has the name of the one around it: `CapacityResponse.Row` is `CapacityResponseRow`; a generic one
        // that of its argument: `Page<VMResponse>` is `PageVMResponse`. Each begins with its module, which is left out.
        let names = String(reflecting: type).split { "<>, ".contains($0) }
        let name = names.map { $0.split(separator: ".").dropFirst().joined() }.joined()
        return .object(name: name, fields)
    }

    fileprivate func add(_ schema: Schema, _ key: any CodingKey, isRequired: Bool) {
        let known = (type as? any FieldForms.Type)?.forms[key.stringValue]
        fields.append(Schema.Field(name: key.stringValue, schema: known ?? schema, isRequired: isRequired))
    }

    fileprivate func set(_ schema: Schema) { value = schema }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(FieldRecorder(recorder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Unknown.form(of: type) }

    func singleValueContainer() -> any SingleValueDecodingContainer { ValueRecorder(recorder: self) }

    /// The form cannot be recorded: the type should be ``SchemaDescribed``.
    enum Unknown: Error {
        case form(of: any Any.Type)
    }
}

/// Records each field; one whose presence the type checks first is not required.
private final class FieldRecorder<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let codingPath: [any CodingKey] = []
    let allKeys: [Key] = []
    private let recorder: SchemaRecorder
    private var optional: Set<String> = []

    init(recorder: SchemaRecorder) { self.recorder = recorder }

    func contains(_ key: Key) -> Bool {
        optional.insert(key.stringValue)
        return true
    }

    func decodeNil(forKey key: Key) -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        let (schema, value) = try SchemaRecorder.record(type)
        recorder.add(schema, key, isRequired: !optional.contains(key.stringValue))
        return value
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { throw SchemaRecorder.Unknown.form(of: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw SchemaRecorder.Unknown.form(of: [Any].self)
    }

    func superDecoder() -> any Decoder { recorder }
    func superDecoder(forKey key: Key) -> any Decoder { recorder }
}

/// Records the one value that a type consists of.
private struct ValueRecorder: SingleValueDecodingContainer {
    let codingPath: [any CodingKey] = []
    let recorder: SchemaRecorder

    func decodeNil() -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        // The values of which all others consist decode themselves from here.
        let (schema, sample): (Schema, Any) =
            switch type {
            case is Bool.Type: (.boolean, false)
            case is String.Type: (.string(), "a")
            case is Int.Type: (.integer(), 1)
            case is Double.Type: (.number, 1.0)
            default: throw SchemaRecorder.Unknown.form(of: type)
            }
        guard let value = sample as? Value else { throw SchemaRecorder.Unknown.form(of: type) }
        recorder.set(schema)
        return value
    }
}
