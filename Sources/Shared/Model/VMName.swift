/// The rules for the name that an owner gives a VM.
public enum VMName {
    /// The longest name, in bytes of UTF-8.
    public static let maximumBytes = 255

    /// Checks a name; all of Unicode is taken but control characters.
    ///
    /// Names are data everywhere (XML text, a Redis field), so quotes, `<`, `&` or `../` mean nothing in them.
    ///
    /// - Returns: the name, unchanged.
    /// - Throws: `Failure` with the code `invalidRequest`.
    public static func validated(_ name: String) throws(Failure) -> String {
        guard !name.isEmpty else {
            throw Failure(.invalidRequest, "name is empty: give the VM a name")
        }
        guard name.utf8.count <= maximumBytes else {
            throw Failure(.invalidRequest, "name is \(name.utf8.count) bytes long: at most \(maximumBytes) are taken")
        }
        guard !name.unicodeScalars.contains(where: isRefused) else {
            throw Failure(.invalidRequest, "name holds a control character: use printable characters")
        }
        return name
    }

    /// Control characters, and the noncharacters that XML 1.0 cannot hold.
    private static func isRefused(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control || scalar.value & 0xFFFE == 0xFFFE
            || scalar.value == 0x2028 || scalar.value == 0x2029
    }
}
