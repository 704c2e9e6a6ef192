/// The name of a project: lower-case letters, digits and hyphens, a letter first.
package struct ProjectName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let description: String

    /// Of whatever names no project; it is always there.
    package static let `default` = ProjectName(unchecked: "default")
    package static let longest = 40

    private init(unchecked text: String) { description = text }

    /// Reads a name; nil where it is none.
    package init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        let isName = bytes.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "-")
        }
        guard isName, (1...Self.longest).contains(bytes.count), bytes.first.map({ $0 >= UInt8(ascii: "a") }) == true
        else {
            return nil
        }
        description = String(text)
    }

    package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

extension ProjectName: Codable {
    /// Reads a name.
    ///
    /// - Throws: `DecodingError` that says what a name is.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let name = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "a project's name is 1 to 40 lower-case letters, digits and hyphens, a letter first"
            )
        }
        self = name
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
