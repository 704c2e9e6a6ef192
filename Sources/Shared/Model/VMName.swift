/// The rules for the name that an owner gives a VM.
package enum VMName {
    /// The longest name, in bytes of UTF-8.
    package static let maximumBytes = 255

    /// Checks a name; all of Unicode that can be seen is taken, and spaces between.
    ///
    /// Names are data everywhere (XML text, a Redis field), so quotes, `<`, `&` or `../` mean nothing in them.
    ///
    /// - Returns: the name, unchanged.
    /// - Throws: `Failure` with the code `invalidRequest`.
    package static func validated(_ name: String, of object: String = "the VM") throws(Failure) -> String {
        guard !name.unicodeScalars.allSatisfy(\.properties.isWhitespace) else {
            throw Failure(.invalidRequest, "name is \(name.isEmpty ? "empty" : "blank"): give \(object) a name")
        }
        guard name.utf8.count <= maximumBytes else {
            throw Failure(.invalidRequest, "name is \(name.utf8.count) bytes long: at most \(maximumBytes) are taken")
        }
        try refuse(name.unicodeScalars, in: "name")
        return name
    }

    /// Refuses characters that may not stand in names.
    static func refuse(_ scalars: some Sequence<Unicode.Scalar>, in field: String) throws(Failure) {
        guard let refused = scalars.first(where: isRefused) else { return }
        let digits = String(refused.value, radix: 16, uppercase: true)
        let code = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        throw Failure(
            .invalidRequest,
            "\(field) holds \(code), a character that controls or cannot be seen: use characters that can be seen"
        )
    }

    /// What breaks a line, turns the direction of the text around it, cannot be seen, or cannot stand in XML 1.0.
    private static func isRefused(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        let properties = scalar.properties
        return switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        // The blank pattern of Braille looks like a space and is none by Unicode.
        default:
            properties.isDefaultIgnorableCodePoint || properties.isNoncharacterCodePoint || scalar == "\u{2800}"
        }
    }
}
