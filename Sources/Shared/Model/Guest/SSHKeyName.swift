/// By what a project calls an SSH key: up to 64 letters, digits, dots, hyphens and underscores, a letter first.
package struct SSHKeyName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let description: String

    /// Reads a name; nil where it is none.
    package init?(_ text: some StringProtocol) {
        guard let first = text.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first | 0x20),
            text.utf8.count <= 64,
            text.utf8.allSatisfy({ byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "._-".utf8.contains(byte)
            })
        else { return nil }
        description = String(text)
    }

    package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

extension SSHKeyName: Codable {
    /// Reads a name.
    ///
    /// - Throws: `DecodingError` that says what a name is.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let name = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription:
                    "a key's name is 1 to 64 letters, digits, dots, hyphens and underscores, a letter first"
            )
        }
        self = name
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
