/// A file's text, cut into lines, which knows how to name places in itself.
struct SourceText {
    /// The file as it was named.
    let file: String
    /// The lines without their endings (LF or CRLF), as scalars, in which columns count.
    let lines: [[Unicode.Scalar]]

    /// Takes the bytes of a file: UTF-8, with or without a byte order mark, without control characters.
    init(file: String, bytes: [UInt8]) throws(CatalogError) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CatalogError(
                code: .notText,
                file: file,
                position: Self.firstInvalid(in: bytes),
                reason: "the bytes here are not UTF-8: save the file as UTF-8"
            )
        }
        try self.init(file: file, text: text)
    }

    /// Takes a text that was read already.
    init(file: String, text: String) throws(CatalogError) {
        self.file = file
        var scalars = text.unicodeScalars[...]
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        // By scalars: as characters, CRLF is one and would not be found.
        lines = scalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            Array(line.last == "\r" ? line.dropLast() : line)
        }
        for (index, line) in lines.enumerated() {
            guard let column = line.firstIndex(where: Self.isRefused) else { continue }
            let position = TextPosition(line: index + 1, column: column + 1)
            throw error(.notText, at: position, "control character U+\(Self.hex(line[column])) here: remove it")
        }
    }

    /// The text with plain line endings and without a byte order mark.
    var normalized: String { lines.map(Self.text).joined(separator: "\n") }

    /// The same with blanks in place of what stands before a place of a line, so that all else keeps its place.
    func normalized(blankTo column: Int, ofLine line: Int) -> String {
        var lines = lines
        lines[line].replaceSubrange(0..<column, with: Array(repeating: " ", count: column))
        return lines.map(Self.text).joined(separator: "\n")
    }

    /// A scalar with its place, the indexes of its line and in it.
    typealias PlacedScalar = (scalar: Unicode.Scalar, line: Int, column: Int)

    /// The first scalars behind comments and blank space, across lines.
    func significantScalars(limit: Int) -> [PlacedScalar] {
        var found: [PlacedScalar] = []
        for (line, scalars) in lines.enumerated() {
            for (column, scalar) in scalars.enumerated() {
                if scalar == "#" { break }
                if found.isEmpty, scalar == " " || scalar == "\t" { continue }
                found.append((scalar, line, column))
                if found.count == limit { return found }
            }
        }
        return found
    }

    /// Just behind the last character.
    var end: TextPosition {
        TextPosition(line: max(lines.count, 1), column: (lines.last?.count ?? 0) + 1)
    }

    /// The rest of the line from a place on; empty for a place outside.
    func rest(from position: TextPosition) -> ArraySlice<Unicode.Scalar> {
        lines.indices.contains(position.line - 1) ? lines[position.line - 1].dropFirst(position.column - 1) : []
    }

    /// An error at a place in this file.
    func error(
        _ code: CatalogError.Code,
        at position: TextPosition?,
        _ reason: String,
        cause: String? = nil
    ) -> CatalogError {
        CatalogError(code: code, file: file, position: position, reason: reason, cause: cause)
    }

    /// The words of a line that spaces and tabs part, each with its place; a word that begins with `#` ends the line.
    func words(ofLine index: Int) -> [(text: String, position: TextPosition)] {
        var words: [(text: String, position: TextPosition)] = []
        let scalars = lines[index]
        var start = 0
        while start < scalars.count, scalars[start] != "#" {
            let end = scalars[start...].firstIndex { $0 == " " || $0 == "\t" } ?? scalars.count
            if end > start {
                words.append((Self.text(scalars[start..<end]), TextPosition(line: index + 1, column: start + 1)))
            }
            start = end + 1
        }
        return words
    }

    /// The scalars as a string.
    static func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// True for what no file of ours needs and what would hide in a log or a terminal.
    static func isRefused(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09: false
        case 0xFEFF, 0x2028, 0x2029: true
        default: scalar.properties.generalCategory == .control
        }
    }

    private static func hex(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static func firstInvalid(in bytes: [UInt8]) -> TextPosition {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var (line, column) = (1, 1)
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
        }
        return TextPosition(line: line, column: column)
    }
}
