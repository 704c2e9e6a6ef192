import API
import Model

/// Refuses JSON that two readers may take for two different things (RFC 8259, sections 4 and 8; RFC 7493): names that
/// stand twice in an object, commas that nothing follows, encodings other than UTF-8, halves of surrogate pairs, NUL, deep
/// nesting, and numbers that a double does not hold; and fields and values that the body's form does not have.
///
/// All else that is no JSON, or of another type, the decoder that reads it next refuses.
struct StrictJSON {
    /// How deep objects and lists may lie in one another: the calls take four levels.
    static let maximumDepth = 32
    /// Up to here every reader has the same whole number (RFC 7493, 2.2).
    static let highestNumber = 1 << 53

    /// An object or a list that is open.
    struct Level {
        /// Nil where anything may stand here.
        let form: Schema?
        let isList: Bool
        /// The names seen so far; none for a list.
        var names: Set<String> = []
        /// The last of them, whose value is read next; empty for a list.
        var field = ""
        /// How many elements of a list came before the one that is read next.
        var index = 0

        /// What leads from here to the value that is read next.
        var token: String { isList ? "\(index)" : field }
    }

    private let bytes: [UInt8]
    let form: Schema
    private var position = 0
    private(set) var open: [Level] = []

    /// Checks a text.
    ///
    /// - Parameters:
    ///   - bytes: the text.
    ///   - form: the fields that it may have.
    /// - Throws: `Failure` with `invalidRequest` that says what is wrong, and where.
    static func check(_ bytes: [UInt8], form: Schema = .any) throws(Failure) {
        guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else {
            throw refusal("begins with a byte order mark: leave it out")
        }
        guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
            throw refusal("is not UTF-8: encode it so")
        }
        var scan = StrictJSON(bytes: bytes, form: form)
        try scan.run()
    }

    private init(bytes: [UInt8], form: Schema) {
        (self.bytes, self.form) = (bytes, form)
    }

    private mutating func run() throws(Failure) {
        while let byte = next() {
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                open.append(Level(form: valueForm, isList: byte == UInt8(ascii: "[")))
                guard open.count <= Self.maximumDepth else {
                    throw Self.refusal("is nested more than \(Self.maximumDepth) levels deep")
                }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                _ = open.popLast()
            case UInt8(ascii: ","):
                // The decoder that reads on takes it.
                if let end = significant, end == UInt8(ascii: "}") || end == UInt8(ascii: "]") {
                    throw Self.refusal("has a comma behind the last of a list or of an object's fields: leave it out")
                }
                if open.last?.isList == true { open[open.count - 1].index += 1 }
            case UInt8(ascii: "\""):
                let text = try string()
                if isName, open.last?.isList == false { try begin(field: text) } else { try check(text) }
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
            case UInt8(ascii: "n"): try checkNull()
            default: continue
            }
        }
    }

    private mutating func begin(field name: String) throws(Failure) {
        let level = open.count - 1
        let isFirst = open[level].names.insert(name).inserted
        open[level].field = name
        guard isFirst else {
            throw Self.refusal("has the field '\(name.prefix(80))' twice: give it once").pointed(pointer)
        }
        guard let known = open[level].form?.fieldNames, !known.contains(name) else { return }
        let names = known.isEmpty ? "none" : known.sorted().joined(separator: ", ")
        throw fault("\(name.isEmpty ? "a field without a name" : place): unknown to this call, which takes \(names)")
    }

    // MARK: Numbers

    /// Reads a number.
    ///
    /// `1.0` and `1e3` are whole, as JSON Schema has it. Text that merely resembles a number is left to the decoder.
    private mutating func number() throws(Failure) {
        let start = position - 1
        let marks: [UInt8] = Array("+-.eE".utf8)
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) || marks.contains(bytes[position]) {
            position += 1
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Double(text) else { return }
        // The double next to the highest one is that one.
        let isExact = Int(text).map { $0.magnitude <= Self.highestNumber } ?? true
        guard value.isFinite, abs(value) <= Double(Self.highestNumber), isExact else {
            throw fault("\(place) is beyond \(Self.highestNumber), up to which numbers are exact")
        }
        try check(value)
    }

    // MARK: Text

    /// Whether the string that was just read is the name of a field, which a colon follows.
    private var isName: Bool { significant == UInt8(ascii: ":") }

    /// The next byte that is no blank.
    private var significant: UInt8? {
        let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
        return bytes[position...].first { !blanks.contains($0) }
    }

    private mutating func next() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    /// Reads on to the end of a string, whose escapes may spell a name that stands there already.
    private mutating func string() throws(Failure) -> String {
        var units: [UInt8] = []
        while let byte = next(), byte != UInt8(ascii: "\"") {
            guard byte == UInt8(ascii: "\\") else {
                units.append(byte)
                continue
            }
            guard let escape = next() else { break }
            units += escape == UInt8(ascii: "u") ? Array(try scalar().utf8) : [Self.meaning[escape] ?? escape]
        }
        return String(decoding: units, as: UTF8.self)
    }

    /// What stands behind a backslash for a control character; all others stand for themselves.
    private static let meaning: [UInt8: UInt8] = [
        UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D,
        UInt8(ascii: "t"): 0x09,
    ]

    /// Reads what follows `\u`: four digits, or a surrogate pair of twice four.
    private mutating func scalar() throws(Failure) -> String {
        var units = [try unit()]
        if UTF16.isLeadSurrogate(units[0]), next() == UInt8(ascii: "\\"), next() == UInt8(ascii: "u") {
            units.append(try unit())
        }
        guard units[0] != 0, let text = String(validating: units, as: UTF16.self) else {
            throw Self.refusal("holds \\u0000, or half of a surrogate pair: leave it out")
        }
        return text
    }

    private mutating func unit() throws(Failure) -> UInt16 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, !digits.contains(UInt8(ascii: "+")), !digits.contains(UInt8(ascii: "-")),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else {
            throw Self.refusal("has \\u without four hex digits")
        }
        position += 4
        return unit
    }

    private static func refusal(_ what: String) -> Failure {
        Failure(.invalidRequest, "the body \(what)", pointer: "")
    }
}
