import API

extension JSONValue {
    var string: String? { if case .string(let text) = self { text } else { nil } }
    var integer: Int? { if case .integer(let number) = self { number } else { nil } }
    var flag: Bool? { if case .boolean(let flag) = self { flag } else { nil } }
    var items: [JSONValue]? { if case .array(let items) = self { items } else { nil } }

    var double: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }

    /// The value at a path such as `capacity.ram_mib`.
    subscript(path path: String) -> JSONValue? {
        path.split(separator: ".").reduce(self) { value, name in value?[String(name)] }
    }

    /// The value in a cell of a table: lists with commas between, objects as `name=value`, nothing for null.
    var cell: String {
        switch self {
        case .string(let text): text
        case .integer(let number): number.description
        case .number(let number): number.description
        case .boolean(let flag): flag ? "yes" : "no"
        case .null: ""
        case .array(let values): values.map(\.cell).joined(separator: ",")
        case .object(let members):
            members.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.cell)" }.joined(separator: ",")
        }
    }
}

extension String {
    /// The text without characters that would do something to a terminal.
    var printable: String {
        let isPlain = unicodeScalars.allSatisfy(\.isPrintable)
        return isPlain
            ? self : String(String.UnicodeScalarView(unicodeScalars.map { $0.isPrintable ? $0 : "\u{FFFD}" }))
    }
}

extension Unicode.Scalar {
    fileprivate var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
