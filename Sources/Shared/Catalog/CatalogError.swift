/// Why a pm_file, image_file or flavor_file was refused, and where in it.
///
/// A file with one fault is refused whole, so that no fleet is ever run from half a file.
package struct CatalogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The stable codes of faults in files.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// The file is missing, is no regular file, may not be read, or is too large.
        case unreadable
        /// The bytes are not UTF-8, or hold a control character.
        case notText = "not_text"
        /// The text has not the form that the file takes.
        case malformed
        /// A key is none of those that the file takes.
        case unknownKey = "unknown_key"
        /// A key that the file needs is not there.
        case missingKey = "missing_key"
        /// An entry or a key is there twice.
        case duplicate
        /// A value is of the wrong kind or outside its bounds.
        case wrongValue = "wrong_value"
        /// The file lists nothing.
        case empty
    }

    /// The stable code.
    package let code: Code
    /// The file as it was named.
    package let file: String
    /// Where in the file; nil where the fault is the file's as a whole.
    package let position: TextPosition?
    /// What is wrong and what to write instead.
    package let reason: String
    /// What the part below said (the system, the YAML parser); nil where nothing is below.
    package let cause: String?

    init(code: Code, file: String, position: TextPosition?, reason: String, cause: String? = nil) {
        self.code = code
        self.file = file
        self.position = position
        self.reason = reason
        self.cause = cause
    }

    /// `file:line:column: reason`, as compilers write it; `file: reason` where the fault is at no one place.
    package var description: String {
        let place = position.map { "\(file):\($0)" } ?? file
        return "\(place): \(reason)" + (cause.map { " (\($0))" } ?? "")
    }
}

/// A place in a text.
package struct TextPosition: Hashable, Sendable, CustomStringConvertible {
    /// The line, from 1.
    package let line: Int
    /// The column in Unicode scalars, from 1.
    package let column: Int

    init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// `line:column`.
    package var description: String { "\(line):\(column)" }
}

/// A fault found by a part that does not know where in the file it is.
struct Refusal: Error {
    let code: CatalogError.Code
    let reason: String
}
