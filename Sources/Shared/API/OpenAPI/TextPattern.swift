import Model

/// Regular expressions (ECMA-262) of texts in requests, for the document: what checks them is code, which a test compares.
enum TextPattern {
    /// What `VMName` refuses: what breaks a line, turns the text around it, cannot be seen, or cannot stand in XML 1.0.
    private static let refused: [ClosedRange<UInt32>] =
        [
            0...0x1F, 0x7F...0x9F, 0xAD...0xAD, 0x34F...0x34F, 0x600...0x605, 0x61C...0x61C, 0x6DD...0x6DD,
            0x70F...0x70F, 0x890...0x891, 0x8E2...0x8E2, 0x115F...0x1160, 0x17B4...0x17B5, 0x180B...0x180F,
            0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0x2800...0x2800, 0x3164...0x3164, 0xFDD0...0xFDEF,
            0xFE00...0xFE0F, 0xFEFF...0xFEFF, 0xFFA0...0xFFA0, 0xFFF0...0xFFFB, 0xFFFE...0xFFFF, 0x110BD...0x110BD,
            0x110CD...0x110CD, 0x13430...0x1343F, 0x1BCA0...0x1BCA3, 0x1D173...0x1D17A, 0xE0000...0xE0FFF,
        ] + (1...16).map { ($0 << 16 | 0xFFFE)...($0 << 16 | 0xFFFF) }

    private static let blanks: [ClosedRange<UInt32>] = [
        0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
    ]
    private static let digits: [ClosedRange<UInt32>] = [0x30...0x39]
    private static let lineBreaks: [UInt32] = [0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029]

    /// Something that can be seen, and blanks.
    static let name = text(of: refused, with: refused + blanks)
    /// A name that is no number.
    static let nameInPath = text(of: refused, with: refused + blanks + digits)
    /// Some lines.
    static let description = "^[^\(characters(refused, without: lineBreaks))]*$"
    /// One line, with blanks of the common kind.
    static let reason: String = {
        let strange = [0...0x1F, 0x7F...0x7F, 0x85...0x85, 0x2028...0x2029] + blanks.filter { $0 != 0x20...0x20 }
        return text(of: strange, with: strange + [0x20...0x20])
    }()

    /// Names of hosts, and some others, which the code refuses.
    static let hostname = "^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$"
    static let labelWord = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
    static let label = "^\(labelWord)$"
    static let labelPair = "^\(labelWord)=\(labelWord)$"
    static let request = "^[A-Za-z0-9._-]{1,64}$"
    static let eventID = "^[0-9]{1,15}(-[0-9]{1,15})?$"
    static let consoleOffset = "^(0|-?[1-9][0-9]{0,14})$"
    static let eventTypes = #"^[a-z._]+\*?(,[a-z._]+\*?){0,31}$"#
    /// As RFC 3339 has it, but for leap seconds.
    static let time =
        "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
        + #"(\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"#
    /// Up to 366 days.
    static let window =
        "^([1-9][0-9]{0,6}s|[1-9][0-9]{0,4}m|[1-9][0-9]{0,2}h|([1-9][0-9]?|[12][0-9]{2}|3[0-5][0-9]|36[0-6])d)$"

    /// Some of these words, with commas between.
    static func list(of words: [String]) -> String {
        let any = words.sorted().joined(separator: "|")
        return "^(\(any))(,(\(any)))*$"
    }

    /// The cursors of a list of objects with numbers or with names.
    static func cursor(of list: String, isNumbered: Bool) -> String {
        let digits = ListCursor(list: list, position: "").description
        return "^\(digits)" + (isNumbered ? "3[1-9](3[0-9]){0,14}$" : "([2-7][0-9a-f])*$")
    }

    /// Whether a text matches a pattern as a whole.
    static func takes(_ pattern: String, _ text: String) -> Bool {
        // A pattern of ours that were none would take nothing, which a test shows.
        do { return try Regex(pattern).wholeMatch(in: text) != nil } catch { return false }
    }

    // MARK: Characters

    /// Any number of characters without some of them, and one without others, too.
    private static func text(of refused: [ClosedRange<UInt32>], with others: [ClosedRange<UInt32>]) -> String {
        let any = "[^\(characters(refused))]*"
        return "^\(any)[^\(characters(others))]\(any)$"
    }

    private static func characters(_ ranges: [ClosedRange<UInt32>], without left: [UInt32] = []) -> String {
        var cut: [ClosedRange<UInt32>] = []
        for range in ranges {
            var first = range.lowerBound
            for scalar in left where range.contains(scalar) {
                if scalar > first { cut.append(first...(scalar - 1)) }
                first = scalar + 1
            }
            if first <= range.upperBound { cut.append(first...range.upperBound) }
        }
        return cut.map {
            $0.count == 1 ? character($0.lowerBound) : "\(character($0.lowerBound))-\(character($0.upperBound))"
        }
        .joined()
    }

    /// As an escape where there is a common one, else itself.
    private static func character(_ value: UInt32) -> String {
        guard value > 0xFFFF else {
            let digits = String(value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        return Unicode.Scalar(value).map { String($0) } ?? ""
    }
}
