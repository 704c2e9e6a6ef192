import Model

extension JSONValue {
    /// The JSON text, members by name: on one line, or on lines of their own for people.
    package func text(isIndented: Bool = false) -> String {
        var text = ""
        write(to: &text, isIndented ? 0 : nil)
        return text
    }

    private func write(to text: inout String, _ depth: Int?) {
        switch self {
        case .object(let members):
            let sorted = members.sorted { $0.key < $1.key }
            Self.write(sorted, "{", "}", to: &text, depth) { member, depth, text in
                text += JSONText.quoted(member.key) + (depth == nil ? ":" : ": ")
                member.value.write(to: &text, depth)
            }
        case .array(let values):
            Self.write(values, "[", "]", to: &text, depth) { value, depth, text in value.write(to: &text, depth) }
        case .string(let string): text += JSONText.quoted(string)
        case .integer(let number): text += number.description
        case .number(let number): text += number.description
        case .boolean(let flag): text += flag.description
        case .null: text += "null"
        }
    }

    private static func write<Element>(
        _ elements: [Element],
        _ opening: String,
        _ closing: String,
        to text: inout String,
        _ depth: Int?,
        _ write: (Element, Int?, inout String) -> Void
    ) {
        text += opening
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            if let depth { text += "\n" + String(repeating: "  ", count: depth + 1) }
            write(element, depth.map { $0 + 1 }, &text)
        }
        if let depth, !elements.isEmpty { text += "\n" + String(repeating: "  ", count: depth) }
        text += closing
    }
}
