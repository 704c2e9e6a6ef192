/// Where a list goes on; to clients a word without meaning.
package struct ListCursor: Hashable, Sendable, CustomStringConvertible {
    /// The name of the list's endpoint: in another list the cursor means nothing.
    package let list: String
    /// What the last object before it is ordered by.
    package let position: String

    /// A position has this many bytes at most.
    private static let longest = 512

    package init(list: String, position: String) {
        self.list = list
        self.position = position
    }

    /// Reads what `description` has written; nil for anything else.
    package init?(_ text: String) {
        guard text.utf8.count <= 2 * (Self.longest + 100), let content = Self.decoded(text),
            let separator = content.firstIndex(of: ":")
        else { return nil }
        list = String(content[..<separator])
        position = String(content[content.index(after: separator)...])
    }

    /// Letters and digits alone, so that it needs no encoding in a query.
    package var description: String {
        "\(list):\(position)".utf8.reduce(into: "") { text, byte in
            let digits = String(byte, radix: 16)
            text += digits.count == 1 ? "0" + digits : digits
        }
    }

    private static func decoded(_ text: String) -> String? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard !digits[index...].prefix(2).contains(UInt8(ascii: "+")),
                let byte = UInt8(String(decoding: digits[index...].prefix(2), as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(byte)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
