import API
import Model

/// Refuses JSON that two readers may take for two different things (RFC 8259, sections 4 and 8; RFC 7493): names that
/// stand twice in an object, commas that nothing follows, encodings other than UTF-8, halves of surrogate pairs, NUL, deep
/// nesting, and numbers that a double does not hold; and fields that the body's form does not have.
///
/// All else that is no JSON, the decoder that reads it next refuses.
struct StrictJSON {
    /// How deep objects and lists may lie in one another: the calls take four levels.
    static let maximumDepth = 32
    /// Up to here every reader has the same whole number (RFC 7493, 2.2).
    static let highestNumber = 1 << 53

    /// An object or a list that is open.
    private struct Level {
        /// Nil where anything may stand here.
        let form: Schema?
        /// The field of the object around it that it is the value of; empty for none.
        let name: String
        /// The names seen so far; none for a list.
        var names: Set<String> = []
        /// The last of them, whose value is read next.
        var field = ""
    }

    private let bytes: [UInt8]
    private let form: Schema
    private var position = 0
    private var open: [Level] = []

    /// Checks a text.
    ///
    /// - Parameters:
    ///   - bytes: the text.
    ///   - form: the fields that it may have.
    /// - Throws: `Failure` with `invalidRequest` that says what is wrong.
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
                open.append(Level(form: valueForm, name: open.last?.field ?? ""))
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
            case UInt8(ascii: "\""):
                let text = try string()
                if isName, !open.isEmpty { try begin(field: text) }
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
            default: continue
            }
        }
    }

    // MARK: Fields

    /// The form of the value that is read next; nil where it may be anything.
    private var valueForm: Schema? {
        guard let level = open.last else { return form }
        if case .list(let element) = level.form { return element }
        return level.form?[field: level.field]
    }

    private mutating func begin(field name: String) throws(Failure) {
        let level = open.count - 1
        guard open[level].names.insert(name).inserted else {
            throw Self.refusal("has the field '\(name.prefix(80))' twice: give it once")
        }
        open[level].field = name
        guard let known = open[level].form?.fieldNames, !known.contains(name) else { return }
        let names = known.sorted().joined(separator: ", ")
        throw Failure(.invalidRequest, "the field \(path): unknown to this call, which takes \(names)")
    }

    /// The names through which the value that is read next is reached.
    private var path: String {
        let names = open.dropFirst().map(\.name) + [open.last?.field ?? ""]
        return names.filter { !$0.isEmpty }.joined(separator: ".").prefix(80).description
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
        guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)) else { return }
        let place = path.isEmpty ? "the body has a number that" : "the field \(path)"
        guard value.isFinite, abs(value) <= Double(Self.highestNumber) else {
            throw Failure(.invalidRequest, "\(place) is beyond \(Self.highestNumber), up to which numbers are exact")
        }
        guard case .integer = valueForm, value != value.rounded() else { return }
        throw Failure(.invalidRequest, "\(place) is no whole number")
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
        Failure(.invalidRequest, "the body \(what)")
    }
}
