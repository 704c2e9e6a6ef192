import Foundation

/// The name by which a guest calls itself (RFC 1123, 2.1), with a domain behind it or without.
package struct Hostname: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// The longest name with its domain, and the longest part between dots.
    package static let longest = 253
    private static let longestLabel = 63

    /// Checks a name.
    ///
    /// - Throws: `Failure` with `invalidRequest`.
    package init(_ text: String) throws(Failure) {
        guard Self.isName(text) else {
            throw Failure(
                .invalidRequest,
                "hostname must be letters, digits and hyphens, neither end a hyphen, up to \(Self.longestLabel) of them, with "
                    + "such parts of a domain behind dots or without, and no address"
            )
        }
        description = text
    }

    /// Makes one of the name that an owner gave a VM; nil where nothing of it can stand in a host's name.
    package init?(of name: String) {
        let parts = name.split(separator: ".").map(Self.label).filter { !$0.isEmpty }
        // What ends in a number would be read as an address.
        let endsInNumber = parts.count > 1 && parts.last?.allSatisfy(\.isNumber) == true
        let text = parts.joined(separator: endsInNumber ? "-" : ".").prefix(Self.longestLabel)
        let trimmed = text.trimmingCharacters(in: CharacterSet(charactersIn: "-."))
        guard Self.isName(trimmed) else { return nil }
        description = trimmed
    }

    private static func isName(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= longest, labels.allSatisfy(isLabel), let last = labels.last else { return false }
        return labels.count == 1 || !last.utf8.allSatisfy(isDigit)
    }

    private static func isLabel(_ label: Substring) -> Bool {
        let bytes = Array(label.utf8)
        let isMade = bytes.allSatisfy { isDigit($0) || isLetter($0) || $0 == UInt8(ascii: "-") }
        return isMade && (1...longestLabel).contains(bytes.count) && bytes.first != UInt8(ascii: "-")
            && bytes.last != UInt8(ascii: "-")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    /// A part of a name in lower case, without accents, and with a hyphen for each run of other characters.
    private static func label(_ part: Substring) -> String {
        var label = ""
        for scalar in part.lowercased().decomposedStringWithCompatibilityMapping.unicodeScalars {
            if scalar.properties.generalCategory == .nonspacingMark { continue }
            let byte = scalar.isASCII ? UInt8(scalar.value) : 0
            if isDigit(byte) || isLetter(byte) {
                label.unicodeScalars.append(scalar)
            } else if label.last != "-" {
                label += "-"
            }
        }
        let trimmed = label.trimmingCharacters(in: CharacterSet(charactersIn: "-"))
        return trimmed.prefix(longestLabel).trimmingCharacters(in: CharacterSet(charactersIn: "-"))
    }
}
